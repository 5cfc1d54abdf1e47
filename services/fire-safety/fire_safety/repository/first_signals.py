"""Alarms of signals that are the first of their kind: one statement, for nobody may wait longer than that.

The alarms, their events and how far detection came are durable after one round trip to the database, where the same
in single statements takes seven (docs/bench-ingest.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Select,
    Text,
    bindparam,
    column,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_unless

from chassis.storage import outbox
from chassis.storage.database import Lease, Statement
from fire_safety import tables
from fire_safety.domain.alarms.alarm import Alarm
from fire_safety.domain.lanes.progress import Reached
from fire_safety.repository.detection import saving_reached, values_of
from fire_safety.repository.repeats import may_have_ended
from fire_safety.repository.rows import row_of_alarm
from fire_safety.repository.telling import is_urgent
from fire_safety.wire import alarms as wire

# All that a new alarm says.
_ALARM: tuple[Column[Any], ...] = tuple(
    tables.alarms.c[name] for name in Alarm.__dataclass_fields__
)
# The rest of an event's row is the same for all of them.
_EVENT = tuple(tables.outbox.c[name] for name in ("event_id", "subject", "payload", "urgent"))


def _all(column: Column[Any]) -> str:
    """Name the values that all rows have in a column."""
    return f"all_{column.name}"


def _statement() -> Select[Any]:
    columns = (*_ALARM, *_EVENT)
    given = (
        func.unnest(*(bindparam(_all(one), type_=ARRAY(one.type)) for one in columns))
        .table_valued(*(column(one.name, one.type) for one in columns), with_ordinality="place")
        .render_derived(name="given")
    )
    news = select(given).cte("news")
    raised = (
        insert_unless(tables.alarms)
        .from_select(
            [one.name for one in _ALARM],
            select(*(news.c[one.name] for one in _ALARM))
            .where(~may_have_ended(news.c.device_id, news.c.kind, news.c.observed_at))
            .order_by(news.c.place),
        )
        .on_conflict_do_nothing()
        .returning(tables.alarms.c.alarm_id)
        .cte("raised")
    )
    told = (
        insert(tables.outbox)
        .from_select(
            [*(one.name for one in _EVENT), "request_id", "created_at"],
            select(
                *(news.c[one.name] for one in _EVENT),
                bindparam("request_id", type_=Text),
                bindparam("created_at", type_=DateTime(timezone=True)),
            )
            .where(news.c.alarm_id.in_(select(raised.c.alarm_id)))
            .order_by(news.c.place),
        )
        .cte("told")
    )
    all_raised: ColumnElement[bool] = (
        select(func.count()).select_from(raised).scalar_subquery()
        == select(func.count()).select_from(news).scalar_subquery()
    )
    reached = saving_reached(all_raised).cte("reached")
    return select(raised.c.alarm_id).add_cte(told, reached)


# Written once: to put it together would take longer than to run it.
_RAISE = Statement(_statement())


async def raise_first(
    lease: Lease,
    ward_code: str,
    alarms: Sequence[Alarm],
    reached: Reached | None,
    now: datetime,
) -> tuple[list[Alarm], list[Mapping[str, Any]]]:
    """Raise those whose device and kind have no alarm, each with its event; tell them and their events' rows.

    Not those that may be from before the end of another: they may be repeats.

    How far detection came is saved if these are all of them.
    """
    values = _values(map(row_of_alarm, alarms), _ALARM)
    events = [outbox.row_of(wire.raised(one), now) | {"urgent": is_urgent(one)} for one in alarms]
    common = {name: events[0][name] for name in ("request_id", "created_at")}
    values |= _values(events, _EVENT) | common | values_of(ward_code, reached)
    raised = {row["alarm_id"] for row in await lease.fetch(_RAISE, values)}
    told = [one.alarm_id in raised for one in alarms]
    return list(compress(alarms, told)), list(compress(events, told))


def _values(rows: Iterable[dict[str, Any]], columns: Iterable[Column[Any]]) -> dict[str, Any]:
    written = list(rows)
    return {_all(one): [row[one.name] for row in written] for one in columns}
