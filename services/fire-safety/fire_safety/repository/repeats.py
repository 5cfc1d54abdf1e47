"""Signals of readings that were taken in before: of an alarm that has ended since they tell nothing new.

A gateway may send again, hours later and after any restart, what it sent while it burnt. That a signal is from before
the end of an alarm of its device and kind says little: the device's clock may have been set back, and the fire be
another one. It is a repeat if the very reading is stored as received before, by more than clocks may be apart: the
same time, saying the same.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.detection.criteria import JUDGED, bits_of
from fire_safety.domain.alarms.alarm import Signal
from fire_safety.repository.signals import moment

_alarms, _readings = tables.alarms.c, tables.readings.c
_INSTANTS = ARRAY(DateTime(timezone=True))
# Readings are told apart by their times to the millisecond; what is smaller is ours.
_ONE_TIME = timedelta(milliseconds=1)
# A fire that is heard beside the stream was received by our clock: its own reading must not count as one of before.
_CLOCKS_APART = timedelta(minutes=1)
# No reading is taken in whose clock is as far ahead (ingestion_limits).
_MOST_AHEAD: ColumnElement[timedelta] = literal_column("interval '1 day'")
# Written out: whoever raises alarms has no value for them.
_JUDGED: list[ColumnElement[str]] = [literal_column(f"'{one}'") for one in sorted(JUDGED)]


def may_have_ended(
    device_id: ColumnElement[str], kind: ColumnElement[str], observed_at: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Tell whether something was observed, as far as clocks can tell, before an alarm of its kind ended.

    Of kinds that readings tell: of others nothing is sent again.
    """
    return exists().where(
        _alarms.device_id == device_id,
        _alarms.kind == kind,
        _alarms.kind.in_(_JUDGED),
        _alarms.restored_at > observed_at - _MOST_AHEAD,
    )


_given = (
    func.unnest(
        bindparam("device_ids", type_=ARRAY(Text)),
        bindparam("kinds", type_=ARRAY(Text)),
        bindparam("observed", type_=_INSTANTS),
        bindparam("received", type_=_INSTANTS),
        bindparam("bits", type_=ARRAY(BigInteger)),
        bindparam("measured", type_=ARRAY(REAL)),
    )
    .table_valued(
        "device_id",
        "kind",
        "observed_at",
        "received_at",
        column("bits", BigInteger),
        column("measured", REAL),
        with_ordinality="place",
    )
    .render_derived(name="given")
)
_SUSPECTED = select(_given.c.place).where(
    may_have_ended(_given.c.device_id, _given.c.kind, _given.c.observed_at)
)
_SAYS_THE_SAME = or_(
    _readings.conditions.op("&")(_given.c.bits) != 0,
    _given.c.measured.in_(
        (
            _readings.optical_density,
            _readings.temperature,
            _readings.carbon_monoxide,
            _readings.battery,
        )
    ),
)
_TAKEN_IN = select(_given.c.place).where(
    exists().where(
        _readings.device_id == _given.c.device_id,
        _readings.observed_at >= _given.c.observed_at,
        _readings.observed_at < _given.c.observed_at + _ONE_TIME,
        _readings.received_at < _given.c.received_at - _CLOCKS_APART,
        _SAYS_THE_SAME,
    )
)


async def repeats(tx: Transaction, signals: Sequence[Signal]) -> list[Signal]:
    """Tell which of these signals come of readings that were taken in before, and of an alarm that has ended."""
    suspected = await _chosen(tx, _SUSPECTED, signals)
    return await _chosen(tx, _TAKEN_IN, suspected) if suspected else []


async def _chosen(
    tx: Transaction, statement: Select[Any], signals: Sequence[Signal]
) -> list[Signal]:
    values = {
        "device_ids": [one.device_id for one in signals],
        "kinds": [one.kind for one in signals],
        "observed": [moment(one.observed_ms) for one in signals],
        "received": [moment(one.received_ms) for one in signals],
        "bits": [bits_of(one.kind) for one in signals],
        "measured": [one.value if one.threshold else None for one in signals],
    }
    return [signals[place - 1] for place in await tx.scalars(statement, values)]
