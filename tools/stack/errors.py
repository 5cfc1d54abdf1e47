"""What the stack says to the person in front of it when it cannot go on."""


class StackError(Exception):
    """Something a person can put right, said in one sentence: Vietnamese first, then English."""

    def __init__(self, vietnamese: str, english: str) -> None:
        super().__init__(f"{vietnamese}\n{english}")
        self.vietnamese = vietnamese
        self.english = english
