"""What signals do to alarms: raise, confirm, restore and shelve them; each change with its event."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    Executable,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    case,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import (
    Alarm,
    AlarmKind,
    AlarmState,
    Confirmation,
    Disposition,
    Signal,
)
from fire_safety.domain.premises.places import NOWHERE
from fire_safety.repository.places import FLOOR, PLACED, Places
from fire_safety.repository.rows import UNSEEN, alarm_of, row_of_alarm
from fire_safety.repository.telling import tell
from fire_safety.wire import alarms as wire

_alarms, _devices, _zones = tables.alarms.c, tables.devices.c, tables.zones.c
_WAITS = _alarms.state == AlarmState.PRE_ALARM
# What an alarm says of where its device hangs.
_WHERE = ("premises_id", "zone_id", "zone_name", "floor")
# Times of one alarm that are kept: more than any profile counts.
_REMEMBERED = 64


def _array(name: str, kind: Any) -> ColumnElement[Any]:  # noqa: ANN401 - SQLAlchemy's own type says less
    return bindparam(name, type_=ARRAY(kind))


# Written once: to put statements together would take longer than to run them.
_RAISE = insert(tables.alarms).on_conflict_do_nothing().returning(tables.alarms)
_news = (
    func.unnest(
        _array("device_ids", Text),
        _array("kinds", Text),
        _array("observed", DateTime(timezone=True)),
        _array("pre_alarms", Boolean),
        _array("confirmations", Text),
        _array("shelved", DateTime(timezone=True)),
        _array("on_register", Boolean),
        _array("premises", Text),
        _array("zones", Text),
        _array("zone_names", Text),
        _array("floors", Integer),
    )
    .table_valued(
        "device_id",
        "kind",
        "observed_at",
        "pre_alarm",
        "confirmation",
        "shelved_until",
        "on_register",
        *_WHERE,
    )
    .render_derived(name="news")
)
# Where the device hangs by now: it may have been put up elsewhere since. Off the register, it is where it was.
_THERE = {name: case((_news.c.on_register, _news.c[name]), else_=_alarms[name]) for name in _WHERE}
_OF_NEWS = (_alarms.device_id == _news.c.device_id, _alarms.kind == _news.c.kind)
_NOW = bindparam("now", type_=_alarms.raised_at.type)
_AGAIN_NOW = func.array_prepend(
    _NOW, _alarms.signalled_again_at, type_=_alarms.signalled_again_at.type
)[1:_REMEMBERED]
_RAISE_AGAIN = (
    update(tables.alarms)
    .where(
        tables.OPEN,
        *_OF_NEWS,
        or_(
            # Not the very reading that raised it, delivered again.
            and_(_alarms.restored_at.is_not(None), _alarms.observed_at != _news.c.observed_at),
            and_(_WAITS, ~_news.c.pre_alarm),
        ),
    )
    .values(
        **UNSEEN,
        **_THERE,
        device_known=_alarms.device_known | _news.c.on_register,
        restored_at=None,
        # Of the reading that raised it again: it too may be delivered once more.
        observed_at=case(
            (_alarms.restored_at.is_not(None), _news.c.observed_at), else_=_alarms.observed_at
        ),
        confirmed_at=func.coalesce(_alarms.confirmed_at, _NOW),
        confirmation=case(
            (_alarms.confirmation == Confirmation.NONE, _news.c.confirmation),
            else_=_alarms.confirmation,
        ),
        signalled_again_at=case(
            (_alarms.restored_at.is_not(None), _AGAIN_NOW), else_=_alarms.signalled_again_at
        ),
        version=_alarms.version + 1,
    )
    .returning(tables.alarms)
)
_hanging = (
    select(
        _devices.device_id,
        _devices.premises_id,
        func.coalesce(_zones.zone_id, "").label("zone_id"),
        func.coalesce(_zones.name, "").label("zone_name"),
        FLOOR.label("floor"),
    )
    .select_from(PLACED)
    .where(
        _devices.device_id == any_(bindparam("device_ids", type_=ARRAY(Text))),
        _devices.premises_id.is_not(None),
        _devices.retired.is_(False),
    )
    .subquery()
)
_MOVED: Mapping[str, Any] = {
    **UNSEEN,
    "state": case((_WAITS, _alarms.state), else_=AlarmState.ACTIVE),
    "device_known": True,
}
_MOVE = (
    update(tables.alarms)
    .where(
        tables.SIGNALLING,
        _alarms.device_id == _hanging.c.device_id,
        _alarms.premises_id != _hanging.c.premises_id,
    )
    .values(
        **_MOVED,
        **{name: _hanging.c[name] for name in _WHERE},
        version=_alarms.version + 1,
    )
    .returning(tables.alarms)
)
_SHELVE = (
    update(tables.alarms)
    .where(
        tables.SIGNALLING,
        *_OF_NEWS,
        _news.c.shelved_until.is_not(None),
        _alarms.shelved_until.is_distinct_from(_news.c.shelved_until),
    )
    .values(shelved_until=_news.c.shelved_until, version=_alarms.version + 1)
    .returning(tables.alarms)
)


async def raise_alarms(
    tx: Transaction, ward_code: str, signals: Sequence[Signal], places: Places, now: datetime
) -> list[Alarm]:
    """Raise an alarm for each signal whose device and kind has none; tell those that are new or signal again.

    An alarm that was restored and not reset is the same alarm when it signals again: it then stands as active and
    unseen once more, so that nobody resets what burns. So is a pre-alarm whose device says that it is none any longer.
    The indexes decide, not a look beforehand: whoever else tries at the same time, there is one. First the same alarm,
    which waits for a reset under way, then a new one: the other way round smoke that returns during a reset would find
    the alarm still there, and then no longer.
    """
    again = await _change(tx, _RAISE_AGAIN, signals, places, now=now)
    known = {(one.device_id, one.kind) for one in again}
    others = [one for one in signals if (one.device_id, one.kind) not in known]
    raised = again + await _raise_new(tx, ward_code, others, places, now)
    await tell(tx, now, wire.raised, raised)
    return raised


async def signalling(tx: Transaction, signals: Sequence[Signal]) -> set[tuple[str, AlarmKind]]:
    """Tell of which of their devices and kinds there is an alarm that was raised and not restored."""
    keys = [(one.device_id, one.kind) for one in signals]
    statement = select(_alarms.device_id, _alarms.kind).where(
        tables.SIGNALLING, tuple_(_alarms.device_id, _alarms.kind).in_(keys)
    )
    return {(row.device_id, AlarmKind(row.kind)) for row in await tx.execute(statement)}


async def move_alarms(tx: Transaction, device_ids: Sequence[str], now: datetime) -> list[Alarm]:
    """Raise anew what signals of devices that hang in other premises than it says; tell those alarms.

    The register was wrong, or knew nothing of a device that burns: nobody has seen that it is there.
    """
    rows = await tx.execute(_MOVE, {"device_ids": device_ids})
    moved = [alarm_of(row) for row in rows.mappings()]
    await tell(tx, now, wire.raised, moved)
    return moved


async def shelve_alarms(
    tx: Transaction, signals: Sequence[Signal], places: Places, now: datetime
) -> list[Alarm]:
    """Note until when devices that come and go are held as raised; tell the alarms that this changed."""
    shelved = await _change(tx, _SHELVE, signals, places)
    await tell(tx, now, wire.alarm_shelved, shelved)
    return shelved


async def restore_alarms(tx: Transaction, signals: Sequence[Signal], now: datetime) -> list[Alarm]:
    """Note that devices are back to normal; trouble and pre-alarms end with it, a fire alarm waits for a person."""
    keys = [(signal.device_id, signal.kind) for signal in signals]
    return await _restore(tx, tuple_(_alarms.device_id, _alarms.kind).in_(keys), now)


async def restore_all(tx: Transaction, device_ids: Sequence[str], now: datetime) -> list[Alarm]:
    """Note that nothing of these devices signals any more, as `restore_alarms` does."""
    return await _restore(tx, _alarms.device_id.in_(device_ids), now)


async def _restore(tx: Transaction, which: ColumnElement[bool], now: datetime) -> list[Alarm]:
    statement = (
        update(tables.alarms)
        .where(tables.SIGNALLING, which)
        .values(restored_at=now, shelved_until=None, version=_alarms.version + 1)
        .returning(tables.alarms)
    )
    restored = [alarm_of(row) for row in (await tx.execute(statement)).mappings()]
    await tell(tx, now, wire.alarm_restored, restored)
    await _end_by_themselves(tx, restored, now)
    return restored


async def _end_by_themselves(tx: Transaction, restored: Iterable[Alarm], now: datetime) -> None:
    ending = [one.alarm_id for one in restored if one.ends_by_itself]
    if not ending:
        return
    statement = (
        update(tables.alarms)
        .where(_alarms.alarm_id.in_(ending))
        .values(state=AlarmState.RESET, reset_at=now, version=_alarms.version + 1)
        .returning(tables.alarms)
    )
    ended = [alarm_of(row) for row in (await tx.execute(statement)).mappings()]
    await tell(tx, now, wire.alarm_reset, ended)


async def _change(
    tx: Transaction,
    statement: Executable,
    signals: Sequence[Signal],
    places: Places,
    **values: datetime,
) -> list[Alarm]:
    """Change the alarms of signals, all in one statement; tell those that it changed."""
    there = [places.get(one.device_id, NOWHERE) for one in signals]
    news = {
        "device_ids": [one.device_id for one in signals],
        "kinds": [one.kind for one in signals],
        "observed": [moment(one.observed_ms) for one in signals],
        "pre_alarms": [one.pre_alarm for one in signals],
        "confirmations": [one.kind.confirmation for one in signals],
        "shelved": [_shelved_until(one) for one in signals],
        "on_register": [one.device_id in places for one in signals],
        "premises": [one.premises_id for one in there],
        "zones": [one.zone_id for one in there],
        "zone_names": [one.zone_name for one in there],
        "floors": [one.floor for one in there],
    }
    rows = await tx.execute(statement, news | values)
    return [alarm_of(row) for row in rows.mappings()]


async def _raise_new(
    tx: Transaction, ward_code: str, signals: Sequence[Signal], places: Places, now: datetime
) -> list[Alarm]:
    if not signals:
        return []
    rows = [row_of_alarm(new_alarm(ward_code, one, places, now)) for one in signals]
    return [alarm_of(row) for row in (await tx.execute(_RAISE, rows)).mappings()]


def new_alarm(ward_code: str, signal: Signal, places: Places, now: datetime) -> Alarm:
    """Make the alarm of a signal; where nobody else could confirm it, nothing waits for that."""
    known = places.get(signal.device_id)
    place = known or NOWHERE
    waits = signal.pre_alarm and place.is_shared
    confirmation = Confirmation.NONE if waits else signal.kind.confirmation
    ended_at = now if signal.kind is AlarmKind.SYSTEM_STATUS else None
    return Alarm(
        alarm_id=uuid4(),
        ward_code=ward_code,
        device_id=signal.device_id,
        device_known=known is not None,
        premises_id=place.premises_id,
        zone_id=place.zone_id,
        zone_name=place.zone_name,
        floor=place.floor,
        kind=AlarmKind(signal.kind),
        state=_first_state(waits=waits, has_ended=ended_at is not None),
        observed_at=moment(signal.observed_ms),
        raised_at=now,
        value=signal.value,
        threshold=signal.threshold,
        profile=signal.profile,
        clock_skewed=signal.clock_skewed,
        restored_at=ended_at,
        acknowledged_at=None,
        acknowledged_by="",
        reset_at=ended_at,
        reset_by="",
        disposition=Disposition.UNSPECIFIED,
        version=1,
        confirmed_at=now if confirmation else None,
        confirmation=confirmation,
        shelved_until=_shelved_until(signal),
    )


def _first_state(*, waits: bool, has_ended: bool) -> AlarmState:
    if has_ended:
        return AlarmState.RESET
    return AlarmState.PRE_ALARM if waits else AlarmState.ACTIVE


def _shelved_until(signal: Signal) -> datetime | None:
    return moment(signal.shelved_until_ms) if signal.shelved_until_ms else None


def moment(milliseconds: int) -> datetime:
    """Give the time of so many milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
