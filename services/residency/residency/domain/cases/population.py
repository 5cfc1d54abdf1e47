"""What the ward asks the National Population Database (cơ sở dữ liệu quốc gia về dân cư), and how answers are taken.

An answer that is not whole is none: the question is put again, and nobody is refused for it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from residency.domain.cases.declarations import DeclaredPerson
from residency.domain.cases.states import IdentityCheck

PURPOSE_CODE = "RESIDENCE_CASE"
# As the account of every look names what is asked there.
METHOD = "/ward.population.v1.PopulationService/VerifyPerson"
FIELDS = ("BIRTH_DATE", "FULL_NAME", "NUMBER", "SEX")
ASKED = "ASKED"
LEGAL_BASIS = "Law 68/2020/QH14 on Residence; Circular 116/2026/TT-BCA Art. 3(5)-(6)"
# No rule says how often: soon at first, then at most four times an hour.
_FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=15)
_MAX_DOUBLINGS = 7


class Verdict(StrEnum):
    """What the database says of a field, or all in all of a person."""

    MATCH = "MATCH"
    MISMATCH = "MISMATCH"
    NOT_FOUND = "NOT_FOUND"
    UNAVAILABLE = "UNAVAILABLE"


def system_of(ward_code: str) -> str:
    """Name the ward's system to the database, which knows no accounts of the ward."""
    return f"{ward_code}.residency"


@dataclass(frozen=True)
class Question:
    """Whether one person of a case is who they declare to be; `attempt` counts from 1 within a check.

    `officer` is the account for which it is asked.
    """

    check_id: UUID
    case_number: str
    officer: str
    person: int
    attempt: int
    declared: DeclaredPerson

    @property
    def correlation_id(self) -> str:
        """Name this question in both systems' accounts."""
        return f"{self.check_id}/{self.person}/{self.attempt}"


@dataclass(frozen=True)
class Answer:
    """The answer to a question, field by field."""

    number: Verdict
    full_name: Verdict
    birth_date: Verdict
    sex: Verdict

    @property
    def verdict(self) -> Verdict:
        """What it means of the person; UNAVAILABLE unless every field is answered and the answer makes sense."""
        compared = {self.full_name, self.birth_date, self.sex}
        if self.number is Verdict.NOT_FOUND and compared == {Verdict.NOT_FOUND}:
            return Verdict.NOT_FOUND
        if self.number is Verdict.MATCH and compared <= {Verdict.MATCH, Verdict.MISMATCH}:
            return Verdict.MISMATCH if Verdict.MISMATCH in compared else Verdict.MATCH
        return Verdict.UNAVAILABLE


UNAVAILABLE = Answer(*[Verdict.UNAVAILABLE] * 4)


def check_of(verdicts: Collection[Verdict]) -> IdentityCheck:
    """Tell what is known of a case whose persons were answered for so; the gravest doubt counts."""
    for verdict, check in (
        (Verdict.UNAVAILABLE, IdentityCheck.PENDING),
        (Verdict.NOT_FOUND, IdentityCheck.NOT_FOUND),
        (Verdict.MISMATCH, IdentityCheck.MISMATCH),
    ):
        if verdict in verdicts:
            return check
    return IdentityCheck.MATCH


def pause_after(attempts: int) -> timedelta:
    """Tell how long to wait for the next attempt, which is also how long this one may take at most."""
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, _MAX_DOUBLINGS)), LONGEST_PAUSE)
