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
# that was merged the record that stands for it: few are, and nothing is looked for where none is.
_LOOK_UP = """
    with recorded as materialized (select append_access_records($2))
    select case when found.merged_into is null then found.full_name else kept.full_name end,
           case when found.merged_into is null then found.birth_year else kept.birth_year end,
           case when found.merged_into is null then found.birth_month else kept.birth_month end,
           case when found.merged_into is null then found.birth_day else kept.birth_day end
    from recorded
    cross join unnest($1::bytea[]) with ordinality as asked (number_index, place)
    left join persons as found using (number_index)
    left join persons as kept on kept.person_id = found.merged_into
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
