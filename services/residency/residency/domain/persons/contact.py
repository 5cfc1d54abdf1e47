"""How a person is reached, and the passport of who has no personal identification number."""

import re
from dataclasses import dataclass
from typing import Self

from chassis.errors import FieldInvalidError
from chassis.rules import Rule

_SEPARATORS = re.compile(r"[ .()-]")
# ITU-T E.164: a country's code and up to 15 digits in all. National numbers of Viet Nam have 0 and nine more.
_NATIONAL = re.compile("0([1-9][0-9]{8})")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{7,14}")
# RFC 5321: 64 octets before the @ and 254 in all. A form, not a proof that it exists.
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}"
)
_MAX_EMAIL = 254
# ICAO Doc 9303 Part 3: up to nine letters and digits; some states print more.
_PASSPORT = re.compile("[A-Z0-9]{5,15}")


@dataclass(frozen=True, repr=False)
class PhoneNumber:
    """A telephone number as E.164 writes it, `+84912345678`; printing shows a mask."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number as people write it; ValueError for any other form."""
        digits = _SEPARATORS.sub("", text)
        if national := _NATIONAL.fullmatch(digits):
            return cls(f"+84{national[1]}")
        if not _INTERNATIONAL.fullmatch(digits):
            raise ValueError("not a telephone number")
        return cls(digits)

    def __repr__(self) -> str:
        """Show the mask, also in logs and tracebacks."""
        return f"{self.text[:3]}•••{self.text[-2:]}"


@dataclass(frozen=True, repr=False)
class EmailAddress:
    """An e-mail address; printing shows its domain only."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address; ValueError for any other form."""
        if len(text) > _MAX_EMAIL or not _EMAIL.fullmatch(text):
            raise ValueError("not an e-mail address")
        return cls(text)

    def __repr__(self) -> str:
        """Show the mask, also in logs and tracebacks."""
        return f"•••@{self.text.partition('@')[2]}"


@dataclass(frozen=True, repr=False)
class PassportNumber:
    """The number of a passport and the country that issued it (ISO 3166-1 alpha-3); printing shows the country."""

    issuer: str
    text: str

    @classmethod
    def parse(cls, issuer: str, text: str) -> Self:
        """Read a number: capital letters and digits; ValueError for any other form."""
        written = text.replace(" ", "").upper()
        if not _PASSPORT.fullmatch(written):
            raise ValueError("not a passport number")
        return cls(issuer, written)

    @property
    def masked(self) -> str:
        """The number as people may see it: its last two letters or digits."""
        return self.mask(self.text)

    @staticmethod
    def mask(text: str) -> str:
        """Mask the letters and digits of a passport number."""
        return f"•••{text[-2:]}"

    def __repr__(self) -> str:
        """Show the mask, also in logs and tracebacks."""
        return f"{self.issuer}•••"


@dataclass(frozen=True)
class Contact:
    """How a person can be reached; None where it is not known or was taken back."""

    phone: PhoneNumber | None
    email: EmailAddress | None

    @classmethod
    def parse(cls, phone: str, email: str) -> Self:
        """Read what is declared; what is empty is None. Raises FieldInvalidError."""
        try:
            phone_number = PhoneNumber.parse(phone) if phone else None
        except ValueError:
            rule = Rule(
                "số 0 và chín chữ số, hoặc + và không quá 15 chữ số",
                "0 and nine digits, or + and up to 15",
            )
            raise FieldInvalidError("phone", rule) from None
        try:
            address = EmailAddress.parse(email) if email else None
        except ValueError:
            raise FieldInvalidError("email", Rule("dạng ten@tenmien", "name@domain")) from None
        return cls(phone_number, address)
