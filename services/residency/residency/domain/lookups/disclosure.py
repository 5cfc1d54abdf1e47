"""Which of a person's data a role may see for a purpose: rules, and everything else is withheld."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from chassis.errors import DomainError


class DisclosureNotAllowedError(DomainError):
    """For this purpose the caller's roles may not see what is asked for."""

    reason = "DISCLOSURE_NOT_ALLOWED"


class PersonField(StrEnum):
    """One piece of a person's data, as the rules name it."""

    FULL_NAME = "FULL_NAME"
    BIRTH_DATE = "BIRTH_DATE"
    BIRTH_YEAR = "BIRTH_YEAR"
    SEX = "SEX"
    MASKED_NUMBER = "MASKED_NUMBER"
    RESIDENCES = "RESIDENCES"
    HOUSEHOLD = "HOUSEHOLD"
    ASSISTANCE = "ASSISTANCE"
    PHONE = "PHONE"


class Way(StrEnum):
    """How the fields of a rule may be got.

    By a lookup, only by breaking the glass in an open incident, only where needs of assistance are reviewed, only of
    who is named in a case, or only by comparing a document that is shown with a case.
    """

    LOOKUP = "LOOKUP"
    BREAK_GLASS = "BREAK_GLASS"
    REVIEW = "REVIEW"
    CASE = "CASE"
    COMPARISON = "COMPARISON"


@dataclass(frozen=True)
class Asker:
    """Who asks, in which roles, and why."""

    account: str
    roles: frozenset[str]
    purpose: str


@dataclass(frozen=True)
class DisclosureRule:
    """What one role may see for one purpose, in one way."""

    purpose: str
    role: str
    way: Way
    fields: frozenset[PersonField]


@dataclass(frozen=True)
class Disclosure:
    """What may be shown to one caller for the stated purpose.

    `despite_restriction` is true if the purpose shows also whose processing is restricted (Law 91/2025/QH15 Art. 4).
    """

    fields: frozenset[PersonField]
    despite_restriction: bool = False

    @property
    def withheld(self) -> tuple[PersonField, ...]:
        """Tell what is kept back."""
        return tuple(field for field in PersonField if field not in self.fields)

    def shown(self, *, restricted: bool) -> frozenset[PersonField]:
        """Tell what may be shown of one person, whose processing may be restricted."""
        return self.fields if self.despite_restriction or not restricted else frozenset()

    def require_shown(self, *, restricted: bool) -> None:
        """Raise DisclosureNotAllowedError where all is withheld of a person, since their processing is restricted."""
        if not self.shown(restricted=restricted):
            raise DisclosureNotAllowedError

    def require(self, field: PersonField) -> None:
        """Raise DisclosureNotAllowedError where the question itself would tell a field that is withheld."""
        if field not in self.fields:
            raise DisclosureNotAllowedError


def decide(rules: Iterable[DisclosureRule], asker: Asker, way: Way) -> Disclosure:
    """Tell what the asker may see in this way: all that one of their roles may for the purpose.

    Raises DisclosureNotAllowedError where no rule allows anything.
    """
    allowed = [
        rule.fields
        for rule in rules
        if rule.purpose == asker.purpose and rule.role in asker.roles and rule.way is way
    ]
    fields = frozenset[PersonField]().union(*allowed)
    if not fields:
        raise DisclosureNotAllowedError
    return Disclosure(fields)
