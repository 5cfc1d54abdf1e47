"""Persons who do not exist, entered so that whoever looks at them is noticed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber

# Beyond the codes of all provinces and, as far as they are known, of all countries: no person has such a number.
_FIRST_CODE, _CODES = 900, 99
_FIRST_YEAR = 1900


@dataclass(frozen=True)
class Decoy:
    """A person as the register is to show one who is not there."""

    number: PersonalIdNumber
    full_name: FullName
    birth_date: PartialDate
    sex: Sex

    @classmethod
    def make(
        cls, full_name: FullName, birth_date: PartialDate, sex: Sex, below: Callable[[int], int]
    ) -> "Decoy":
        """Make a decoy with a number that nobody can have; `below` gives a random number below its argument.

        ValueError for a birth before 1900: the number's own digits cannot say it.
        """
        if birth_date.year < _FIRST_YEAR:
            raise ValueError("born in 1900 or later")
        code = _FIRST_CODE + below(_CODES)
        century = 2 * ((birth_date.year - _FIRST_YEAR) // 100) + (sex is Sex.FEMALE)
        digits = f"{code}{century}{birth_date.year % 100:02d}{below(10**6):06d}"
        return cls(PersonalIdNumber(digits), full_name, birth_date, sex)


@dataclass(frozen=True)
class DecoyTouch:
    """Somebody looked at a decoy: who, by which access."""

    account: str
    access_record_id: str
    subject: str
    at: datetime
