"""Numbers in the right form that were never issued and cannot be."""

from datetime import date
from random import Random

# No province has 999 and no country list reaches it: such a number is nobody's.
UNASSIGNED_PREFIX = "999"
# The prefixes 012x to 016x were retired in 2018 and 010x was never in use: such a phone rings nowhere.
RETIRED_PHONE_PREFIX = "0100"
TWENTIETH_CENTURY = 19


class PersonalIdNumbers:
    """Gives out personal identification numbers of 12 digits, each once: 999 G YY NNNNNN."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def next(self, sex: str, birth: date) -> str:
        """Return a fresh number for a person of that sex and birth date."""
        while True:
            digits = f"{self._rng.randrange(1_000_000):06d}"
            number = (
                f"{UNASSIGNED_PREFIX}{century_digit(sex, birth)}{birth.year % 100:02d}{digits}"
            )
            if number not in self._given:
                self._given.add(number)
                return number


def century_digit(sex: str, birth: date) -> int:
    """Return the digit for century and sex: 0 and 1 for men and women of the 20th."""
    return 2 * (birth.year // 100 - TWENTIETH_CENTURY) + (sex == "F")


def phone(rng: Random) -> str:
    """Return a telephone number in the retired form `0100 xxx xxx`."""
    return f"{RETIRED_PHONE_PREFIX} {rng.randrange(1000):03d} {rng.randrange(1000):03d}"
