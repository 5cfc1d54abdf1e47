"""What the stack says to the person in front of it when it cannot go on."""

from pathlib import Path


class StackError(Exception):
    """Something a person can put right, said in one sentence: Vietnamese first, then English."""

    def __init__(self, vietnamese: str, english: str) -> None:
        super().__init__(f"{vietnamese}\n{english}")
        self.vietnamese = vietnamese
        self.english = english


class StartError(StackError):
    """A program ended before it was ready, or never was; a later attempt may go right."""

    def __init__(self, name: str, log: Path, last_lines: str) -> None:
        super().__init__(
            f"{name} không khởi động được; xem nhật ký {log}.",
            f"{name} did not start; see its log {log}, which ends with:\n{last_lines}",
        )
