"""Alarms of signals that are the first of their kind: one statement, for nobody may wait longer than that.

The alarms, their events and how far detection came are durable after one round trip to the database, where the same
in single statements takes seven (docs/bench-ingest.md).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import compress
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    FromClause,
    Text,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_unless

from chassis.storage import outbox
from chassis.storage.database import Lease, Statement
from fire_safety import tables
from fire_safety.domain.alarms.alarm import Alarm
from fire_safety.domain.lanes.progress import Reached
from fire_safety.domain.premises.places import NOWHERE
from fire_safety.repository.detection import saving_reached, values_of
from fire_safety.repository.places import Places, hangs_there
from fire_safety.repository.repeats import may_have_ended
from fire_safety.repository.rows import row_of_alarm
from fire_safety.repository.telling import is_urgent
from fire_safety.wire import alarms as wire

# All that a new alarm says.
_ALARM: tuple[Column[Any], ...] = tuple(
    tables.alarms.c[name] for name in Alarm.__dataclass_fields__
)
# What decides beside it whether another device could confirm the signal.
_GROUP = tables.devices.c.mutual_aid_group_id
# The rest of an event's row is the same for all of them.
_EVENT = tuple(tables.outbox.c[name] for name in ("event_id", "subject", "payload", "urgent"))
_GIVEN = (*_ALARM, _GROUP, *_EVENT)


def _only(column: Column[Any]) -> str:
    """Name the value that the only row has in a column."""
    return f"only_{column.name}"


def _all(column: Column[Any]) -> str:
    """Name the values that all rows have in a column."""
    return f"all_{column.name}"


def _one_row() -> FromClause:
    values = (bindparam(_only(one), type_=one.type).label(one.name) for one in _GIVEN)
    return select(*values, literal_column("1").label("place")).subquery("given")


def _rows() -> FromClause:
    return (
        func.unnest(*(bindparam(_all(one), type_=ARRAY(one.type)) for one in _GIVEN))
        .table_valued(*(column(one.name, one.type) for one in _GIVEN), with_ordinality="place")
        .render_derived(name="given")
    )


def _raising(given: FromClause) -> Statement:
    news = select(given).cte("news")
    raised = (
        insert_unless(tables.alarms)
        .from_select(
            [one.name for one in _ALARM],
            select(*(news.c[one.name] for one in _ALARM))
            .where(
                ~may_have_ended(news.c.device_id, news.c.kind, news.c.observed_at),
                hangs_there(news),
            )
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
    return Statement(select(raised.c.alarm_id).add_cte(told, reached))


# Written once: to put them together would take longer than to run them. Mostly it is one, and what is written for one
# takes a third of a millisecond less than forty arrays (docs/bench-ingest.md).
_RAISE_ONE, _RAISE_ALL = _raising(_one_row()), _raising(_rows())


async def raise_first(
    lease: Lease,
    ward_code: str,
    alarms: Sequence[Alarm],
    places: Places,
    reached: Reached | None,
    now: datetime,
) -> tuple[list[Alarm], list[Mapping[str, Any]]]:
    """Raise those whose device and kind have no alarm, each with its event; tell them and their events' rows.

    Not those that may be from before the end of another: they may be repeats. And not those whose devices do not hang
    any longer at the `places` that the alarms tell.

    How far detection came is saved if these are all of them.
    """
    events = [outbox.row_of(wire.raised(one), now) | {"urgent": is_urgent(one)} for one in alarms]
    rows = [
        row_of_alarm(one) | {_GROUP.name: places.get(one.device_id, NOWHERE).group_id} | event
        for one, event in zip(alarms, events, strict=True)
    ]
    common = {name: events[0][name] for name in ("request_id", "created_at")}
    values = common | values_of(ward_code, reached)
    if len(rows) == 1:
        statement = _RAISE_ONE
        values |= {_only(one): rows[0][one.name] for one in _GIVEN}
    else:
        statement = _RAISE_ALL
        values |= {_all(one): [row[one.name] for row in rows] for one in _GIVEN}
    raised = {row["alarm_id"] for row in await lease.fetch(statement, values)}
    told = [one.alarm_id in raised for one in alarms]
    return list(compress(alarms, told)), list(compress(events, told))
