"""Residence cases: one as a whole, and lists without personal data."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, Date, cast, func, or_, select, tuple_

from chassis.clock import ward_day
from chassis.storage.database import Database
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.machine import Caller, Case, CaseNotFoundError
from residency.domain.cases.states import CaseChannel
from residency.domain.cases.told import CaseFigures, CaseFilter, CasePosition, WholeCase
from residency.domain.lookups.disclosure import Asker, Disclosure, Way
from residency.repository.cases import (
    CaseSeal,
    case_of,
    entry_of,
    history_columns,
    open_cases,
    working_calendar,
)
from residency.repository.disclosure import disclosure_to
from residency.repository.limits import limit_in_force
from residency.tables import case_history, case_registrations, cases

_WARD_TIME = "Asia/Ho_Chi_Minh"


class CaseQueries:
    """Asks for cases."""

    def __init__(self, database: Database, seal: CaseSeal) -> None:
        self._database = database
        self._seal = seal

    async def get(
        self, case_number: str, caller: Caller, asker: Asker, today: date, way: Way = Way.CASE
    ) -> tuple[Disclosure | None, WholeCase]:
        """Give a case as a whole, and what an officer may see in this way of who is named in it.

        None is all, of a citizen's own.

        Raises CaseNotFoundError if the caller may not see it, or DisclosureNotAllowedError.
        """
        entered = select(case_registrations.c.registration_id).where(
            case_registrations.c.case_id == cases.c.case_id
        )
        statement = (
            select(
                cases,
                *history_columns(),
                func.array(entered.correlate(cases).scalar_subquery()).label("registrations"),
            )
            .join(case_history)
            .where(cases.c.case_number == case_number)
            .order_by(case_history.c.entry_id)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
            if not rows:
                raise CaseNotFoundError
            case = case_of(rows[0])
            case.check_visible(caller)
            disclosure = None
            if caller.is_officer:
                disclosure = await disclosure_to(tx, asker, way, today)
        return disclosure, WholeCase(
            case=case,
            declaration=self._seal.open_declaration(
                case.case_id, rows[0].declaration_sealed, today
            ),
            history=tuple(entry_of(row, case, self._seal) for row in rows),
            registrations=tuple(rows[0].registrations),
        )

    async def list_cases(
        self, chosen: CaseFilter, after: CasePosition | None, size: int, today: date
    ) -> list[Case]:
        """Give cases, oldest first."""
        columns = cases.c
        statement = select(cases).order_by(columns.created_at, columns.case_id).limit(size)
        if chosen.account:
            statement = statement.where(columns.account == chosen.account)
        else:
            statement = statement.where(columns.submitted_at.is_not(None))
        if chosen.state:
            statement = statement.where(columns.state == chosen.state)
        if chosen.kind:
            statement = statement.where(columns.kind == chosen.kind)
        if chosen.overdue:
            # Who asks for what is late sees also where the citizen is.
            late = or_(columns.due_on < today, columns.supplement_due_on < today)
            statement = statement.where(late, open_cases())
        if after:
            place = tuple_(columns.created_at, columns.case_id)
            statement = statement.where(place > (after.created_at, after.case_id))
        async with self._database.transaction() as tx:
            if chosen.due_soon:
                days = await limit_in_force(tx, "case_due_soon", today)
                horizon = (await working_calendar(tx)).after(today, days)
                statement = statement.where(columns.due_on.between(today, horizon), open_cases())
            return [case_of(row) for row in await tx.execute(statement)]

    async def figures(self, now: datetime) -> dict[CaseKind, CaseFigures]:
        """Count cases by kind: open ones, and those of the ward's present year."""
        columns, today = cases.c, ward_day(now)
        year = date(today.year, 1, 1)
        submitted, decided = _day_of(columns.submitted_at), _day_of(columns.decided_at)
        electronic = columns.channel == CaseChannel.ELECTRONIC
        counts: dict[str, ColumnElement[bool]] = {
            "open": open_cases(),
            "overdue": open_cases() & (columns.due_on < today),
            "submitted": submitted >= year,
            "electronic": (submitted >= year) & electronic,
            "timed": (decided >= year) & columns.due_on.is_not(None),
            "in_time": (decided >= year) & (decided <= columns.due_on),
        }
        counted = [func.count().filter(which).label(name) for name, which in counts.items()]
        statement = select(columns.kind, *counted).group_by(columns.kind)
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).mappings().all()
        found = {row["kind"]: {name: row[name] for name in counts} for row in rows}
        none = dict.fromkeys(counts, 0)
        return {kind: CaseFigures(**found.get(kind, none)) for kind in CaseKind}


def _day_of(instant: ColumnElement[datetime]) -> ColumnElement[date]:
    """Give the ward's day of an instant."""
    return cast(func.timezone(_WARD_TIME, instant), Date)
