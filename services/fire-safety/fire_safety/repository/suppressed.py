"""Signals that are recorded and dispatch nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import Signal
from fire_safety.domain.premises.places import NOWHERE, Place
from fire_safety.repository import modes
from fire_safety.repository.places import Places
from fire_safety.repository.signals import moment

_RECORD = insert(tables.suppressed_signals).on_conflict_do_nothing()


async def record(tx: Transaction, signals: Sequence[Signal], places: Places) -> int:
    """Record what tested and disabled devices signal, with their place and the mode; tell how many were new.

    The same reading delivered again adds nothing.
    """
    since = moment(min(one.received_ms for one in signals))
    in_force = await modes.modes_of_devices(tx, [one.device_id for one in signals], since)
    rows = [
        _row(
            one,
            places.get(one.device_id, NOWHERE),
            in_force.get((one.device_id, one.suppressed)),
        )
        for one in signals
    ]
    return (await tx.execute(_RECORD, rows)).rowcount


def _row(signal: Signal, place: Place, mode_id: UUID | None) -> dict[str, Any]:
    return {
        "device_id": signal.device_id,
        "kind": signal.kind,
        "raised": signal.raised,
        "pre_alarm": signal.pre_alarm,
        "why": signal.suppressed,
        "mode_id": mode_id,
        "premises_id": place.premises_id,
        "zone_id": place.zone_id,
        "zone_name": place.zone_name,
        "floor": place.floor,
        "observed_at": moment(signal.observed_ms),
        "received_at": moment(signal.received_ms),
        "value": signal.value,
        "threshold": signal.threshold,
        "profile": signal.profile,
    }
