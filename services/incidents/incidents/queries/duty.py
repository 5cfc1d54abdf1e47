"""The roster: units, shifts, who is on duty, and gaps ahead."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from chassis.clock import ward_day
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.duty.roster import (
    ContactChannel,
    DutyFunction,
    Gap,
    Officer,
    OnDuty,
    Shift,
    Unit,
)
from incidents.repository.duty import (
    requirement_of,
    requirements_on,
    roster_between,
    shift_of,
)


@dataclass(frozen=True)
class DutyNow:
    """Who is on duty at a time, and the unit of each account."""

    on_duty: tuple[OnDuty, ...]
    units: Mapping[str, str]

    @property
    def executive_stands_in(self) -> bool:
        """Tell whether nobody has the function that leads."""
        return all(one.duty.function is not DutyFunction.DUTY_OFFICER for one in self.on_duty)


class DutyQueries:
    """Asks for the roster."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def units(self) -> list[tuple[Unit, list[Officer]]]:
        """Tell the units with their officers, in order of codes and accounts."""
        units, officers = tables.units, tables.officers
        columns = officers.c
        asked = (
            select(units, columns.account, columns.channels)
            .select_from(units.outerjoin(officers, columns.unit_code == units.c.code))
            .order_by(units.c.code, columns.account)
        )
        found: dict[Unit, list[Officer]] = {}
        async with self._database.transaction() as tx:
            for row in await tx.execute(asked):
                there = found.setdefault(Unit(row.code, row.name), [])
                if row.account is not None:
                    channels = tuple(ContactChannel(one) for one in row.channels)
                    there.append(Officer(row.account, row.code, channels))
        return list(found.items())

    async def shifts(self) -> list[Shift]:
        """Tell the shifts, in order of their codes."""
        asked = select(tables.shifts).order_by(tables.shifts.c.code)
        async with self._database.transaction() as tx:
            return [shift_of(row) for row in await tx.execute(asked)]

    async def duty_at(self, at: datetime) -> DutyNow:
        """Tell who is on duty at a time."""
        account, unit_code = tables.officers.c.account, tables.officers.c.unit_code
        async with self._database.transaction() as tx:
            on_duty = (await roster_between(tx, at, at + timedelta.resolution)).at(at)
            there = [one.account for one in on_duty]
            units = await tx.execute(select(account, unit_code).where(account.in_(there)))
            return DutyNow(on_duty, {row.account: row.unit_code for row in units})

    async def gaps(self, begins_at: datetime, ends_at: datetime) -> list[Gap]:
        """Tell when too few are there in a period, by the rules in force at its beginning."""
        async with self._database.transaction() as tx:
            roster = await roster_between(tx, begins_at, ends_at)
            rows = await tx.execute(requirements_on(ward_day(begins_at)))
            required = [requirement_of(row) for row in rows]
        return roster.gaps(required, begins_at, ends_at)
