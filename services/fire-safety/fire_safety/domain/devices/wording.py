"""What is said to people, in both languages."""

from enum import Enum


class Wording(Enum):
    """Texts of one kind; the value of each is the Vietnamese and the English one."""

    @property
    def vi(self) -> str:
        """Say it in Vietnamese."""
        return str(self.value[0])

    @property
    def en(self) -> str:
        """Say it in English."""
        return str(self.value[1])
