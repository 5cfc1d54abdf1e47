"""What the detector keeps: how far it has come, and signs of life."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Double, Subquery, Text, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from chassis.database import Transaction
from fire_safety import tables
from fire_safety.detection.ward import Seen
from fire_safety.domain.progress import Reached

_INSTANTS = ARRAY(tables.devices.c.last_seen_at.type)


_POSITION = insert(tables.detector_positions)
_SAVE_POSITION = _POSITION.on_conflict_do_update(
    index_elements=["ward_code", "partition"],
    set_={
        name: _POSITION.excluded[name]
        for name in ("stream_sequence", "received_at", "heard_since")
    },
)


async def save_reached(tx: Transaction, ward_code: str, reached: Reached) -> None:
    """Save that everything of some partitions up to a message of the stream has had its effect."""
    rows = [
        {
            "ward_code": ward_code,
            "partition": partition,
            "heard_since": reached.heard_since,
            **vars(reached.position),
        }
        for partition in sorted(reached.partitions)
    ]
    await tx.execute(_SAVE_POSITION, rows)


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
    device_ids, moments, clean_airs, doses = zip(*seen, strict=True)
    news = (
        func.unnest(
            bindparam(None, list(device_ids), ARRAY(Text)),
            bindparam(None, list(moments), _INSTANTS),
            bindparam(None, list(clean_airs), ARRAY(Double)),
            bindparam(None, list(doses), ARRAY(Double)),
        )
        .table_valued("device_id", "last_seen_at", "clean_air", "gas_dose")
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
