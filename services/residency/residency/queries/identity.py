"""Verification of identities."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import AccountedLookups
from chassis.storage.database import Line
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.verification import (
    Declaration,
    RegisteredIdentity,
    Verification,
    verify,
)

# The register as it is when the statement begins; a number that nobody has gives a row of nothing, and one of a record
# that was merged the record that stands for it.
_LOOK_UP = """
    with recorded as materialized (select append_access_records($2))
    select persons.full_name, persons.birth_year, persons.birth_month, persons.birth_day
    from recorded
    cross join unnest($1::bytea[]) with ordinality as asked (number_index, place)
    left join persons as record using (number_index)
    left join persons on persons.person_id = coalesce(record.merged_into, record.person_id)
    order by asked.place
"""


class Look(NamedTuple):
    """One identity to verify: what is declared, the number's blind index, and the record of the look."""

    declared: Declaration
    number_index: bytes
    record: AccessRecord


class IdentityQueries:
    """Compares what is declared with the register."""

    def __init__(self, line: Line) -> None:
        self._lookups = AccountedLookups(line, _LOOK_UP)

    async def verify(self, looks: Sequence[Look]) -> list[Verification]:
        """Compare declarations with the register and record each look; the same is done for unknown numbers.

        One statement serves whoever asks at the same time. Raises DatabaseUnavailableError.
        """
        rows = await self._lookups.find([(look.number_index, look.record) for look in looks])
        return [
            verify(look.declared, _registered(row)) for look, row in zip(looks, rows, strict=True)
        ]


def _registered(row: Any) -> RegisteredIdentity | None:  # noqa: ANN401 - a row of the driver
    full_name, year, month, day = row
    return full_name and RegisteredIdentity(FullName(full_name), PartialDate(year, month, day))
