"""The personal identification number (số định danh cá nhân): PPP G YY NNNNNN, 12 digits, no check digit.

PPP is where the birth was registered, G the century and the sex, YY the year, N random (Decree 137/2015/NĐ-CP
Art. 13). The form proves neither that a number exists nor whose it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from chassis.errors import DomainError

_DIGITS = 12
_FIRST_YEAR = 1900
_NUMBERS = 10**_DIGITS


class PersonalIdInvalidError(DomainError):
    """The text is not a personal identification number; it is not repeated here."""

    reason = "PERSONAL_ID_INVALID"

    def __init__(self) -> None:
        super().__init__(field="personal_id_number")


@dataclass(frozen=True)
class RegistrationCodes:
    """Where births are registered: provinces by code, and the first code of a foreign country.

    Historic codes: nothing about today's residence follows from them.
    """

    provinces: Mapping[str, str]
    first_country: int

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read the reference data as `registration_codes.json` holds it."""
        return cls(dict(document["provinces"]), int(document["first_country_code"]))

    def know(self, code: str) -> bool:
        """Tell whether births can have been registered under these three digits."""
        return code in self.provinces or int(code) >= self.first_country


@dataclass(frozen=True, slots=True, repr=False)
class PersonalIdNumber:
    """A number in the right form. Only `digits` tells it; printing shows a mask."""

    digits: str

    @classmethod
    def parse(cls, text: str, codes: RegistrationCodes, today: date) -> Self:
        """Read exactly 12 ASCII digits; raises PersonalIdInvalidError for any other form.

        Nobody was born in the future, so century digits from 4 up are refused in this century.
        """
        if not (len(text) == _DIGITS and text.isascii() and text.isdigit()):
            raise PersonalIdInvalidError
        number = cls(text)
        if not codes.know(text[:3]) or number.birth_year > today.year:
            raise PersonalIdInvalidError
        return number

    @property
    def birth_year(self) -> int:
        """The year of birth: G is 0 or 1 in the 20th century, 2 or 3 in the 21st, and so on."""
        century, year = divmod(int(self.digits[3:6]), 100)
        return _FIRST_YEAR + 100 * (century // 2) + year

    @property
    def is_of_woman(self) -> bool:
        """Tell the sex that the number was issued for: an odd G is a woman's."""
        return int(self.digits[3]) % 2 == 1

    @property
    def neighbours(self) -> "tuple[PersonalIdNumber, PersonalIdNumber]":
        """The numbers just before and after: who tries numbers one by one asks for them."""
        value = int(self.digits)
        before, after = (value - 1) % _NUMBERS, (value + 1) % _NUMBERS
        return PersonalIdNumber(f"{before:012d}"), PersonalIdNumber(f"{after:012d}")

    @property
    def one_digit_open(self) -> tuple[str, ...]:
        """The number with each of its digits left open: it shares one form with each that differs in one digit."""
        digits = self.digits
        return tuple(f"{digits[:at]}?{digits[at + 1 :]}" for at in range(len(digits)))

    @property
    def two_digits_unordered(self) -> tuple[str, ...]:
        """The number with each two neighbouring digits in no order: it shares one form with each that swaps two."""
        digits = self.digits
        return tuple(
            f"{digits[:at]}<{''.join(sorted(digits[at : at + 2]))}>{digits[at + 2 :]}"
            for at in range(len(digits) - 1)
        )

    @property
    def masked(self) -> str:
        """The number as people may see it: `030•••••••12`."""
        return self.mask(self.digits)

    @staticmethod
    def mask(digits: str) -> str:
        """Mask the digits of a number."""
        return f"{digits[:3]}•••••••{digits[10:]}"

    def __repr__(self) -> str:
        """Show the mask, also in logs and tracebacks."""
        return self.masked
