"""What the detector keeps: how far it has come, and signs of life."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Integer,
    Subquery,
    Text,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.detection.ward import Seen
from fire_safety.domain.lanes.progress import Reached
from fire_safety.tables.metadata import INSTANT

_INSTANTS = ARRAY(tables.devices.c.last_seen_at.type)
# What is said of a partition.
_MOVING = ("stream_sequence", "received_at", "heard_since")


async def save_reached(tx: Transaction, ward_code: str, reached: Reached) -> None:
    """Save that everything of some partitions up to a message of the stream has had its effect."""
    await tx.execute(_SAVE_REACHED, values_of(ward_code, reached))


def saving_reached(*only_if: ColumnElement[bool]) -> Insert:
    """Make the statement that saves how far detection came; its values are those of `values_of`."""
    partitions = func.unnest(bindparam("partitions", type_=ARRAY(Integer))).column_valued("one")
    rows = select(
        bindparam("ward_code", type_=Text),
        partitions,
        bindparam("stream_sequence", type_=BigInteger),
        bindparam("received_at", type_=INSTANT),
        bindparam("heard_since", type_=INSTANT),
    ).where(*only_if)
    columns = ["ward_code", "partition", *_MOVING]
    statement = insert(tables.detector_positions).from_select(columns, rows)
    return statement.on_conflict_do_update(
        index_elements=["ward_code", "partition"],
        set_={name: statement.excluded[name] for name in _MOVING},
    )


def values_of(ward_code: str, reached: Reached | None) -> dict[str, Any]:
    """Write how far detection came; None saves nothing."""
    if reached is None:
        return {"ward_code": ward_code, "partitions": [], **dict.fromkeys(_MOVING)}
    return {
        "ward_code": ward_code,
        "partitions": sorted(reached.partitions),
        "heard_since": reached.heard_since,
        **vars(reached.position),
    }


_SAVE_REACHED = saving_reached()


async def save_gateways(tx: Transaction, heard: Mapping[str, int]) -> None:
    """Save when gateways were heard, milliseconds since 1970; others hear them through other devices.

    As with other signs of life, one that somebody else is changing is left for the next time.
    """
    if not heard:
        return
    moments = [datetime.fromtimestamp(at_ms / 1000, UTC) for at_ms in heard.values()]
    news = (
        func.unnest(bindparam(None, list(heard), ARRAY(Text)), bindparam(None, moments, _INSTANTS))
        .table_valued("device_id", "last_seen_at")
        .render_derived(name="news")
    )
    devices, free = tables.devices, _free(heard)
    await tx.execute(
        update(devices)
        .where(
            devices.c.device_id == news.c.device_id,
            free.c.device_id == devices.c.device_id,
            devices.c.last_seen_at.is_(None) | (devices.c.last_seen_at < news.c.last_seen_at),
        )
        .values(last_seen_at=news.c.last_seen_at)
    )


async def save_seen(tx: Transaction, seen: Sequence[Seen]) -> None:
    """Save signs of life, all in one statement; a device that somebody else is changing is left for the next time.

    The detector must not wait for an import.
    """
    if not seen:
        return
    device_ids, moments, clean_airs, doses, offsets, skewed = zip(*seen, strict=True)
    news = (
        func.unnest(
            bindparam(None, list(device_ids), ARRAY(Text)),
            bindparam(None, list(moments), _INSTANTS),
            bindparam(None, list(clean_airs), ARRAY(Double)),
            bindparam(None, list(doses), ARRAY(Double)),
            bindparam(None, list(offsets), ARRAY(Double)),
            bindparam(None, list(skewed), ARRAY(Boolean)),
        )
        .table_valued(
            "device_id", "last_seen_at", "clean_air", "gas_dose", "clock_offset_s", "clock_skewed"
        )
        .render_derived(name="news")
    )
    devices, free = tables.devices, _free(device_ids)
    await tx.execute(
        update(devices)
        .where(devices.c.device_id == news.c.device_id, free.c.device_id == devices.c.device_id)
        .values(
            last_seen_at=news.c.last_seen_at,
            clean_air=news.c.clean_air,
            gas_dose=news.c.gas_dose,
            clock_offset_s=news.c.clock_offset_s,
            clock_skewed=news.c.clock_skewed,
        )
    )


def _free(device_ids: Iterable[str]) -> Subquery:
    """Take the devices that nobody else is changing."""
    device = tables.devices.c.device_id
    return (
        select(device)
        .where(device.in_(list(device_ids)))
        .with_for_update(skip_locked=True)
        .subquery("free")
    )
