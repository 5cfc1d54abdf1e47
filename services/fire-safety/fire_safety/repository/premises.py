"""The register: premises with their zones, and the neighbourhood's means against fire."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Label, Table, delete, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, Insert, aggregate_order_by, insert

from chassis.storage import outbox
from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.premises.premises import MutualAidGroup, Premises, PremisesNotFoundError
from fire_safety.repository.rows import premises_of, row_of_premises
from fire_safety.wire import premises as wire


def zones_of_premises() -> Label[Any]:
    """Select the zones of the surrounding statement's premises as a list of objects, in their order."""
    zones = tables.zones.c
    zone = func.jsonb_build_object(
        "zone_id", zones.zone_id, "name", zones.name, "floor", zones.floor
    )
    listed = func.jsonb_agg(aggregate_order_by(zone, zones.position), type_=JSONB)
    return (
        select(func.coalesce(listed, literal([], JSONB), type_=JSONB))
        .where(zones.premises_id == tables.premises.c.premises_id)
        .correlate(tables.premises)
        .scalar_subquery()
        .label("zones")
    )


async def save_premises(tx: Transaction, entered: Sequence[Premises], now: datetime) -> int:
    """Enter premises, each new or changed one with its event; tell how many were."""
    known = await _load(tx, [one.premises_id for one in entered])
    changed = [new for one in entered if (new := _next_version(known, one))]
    if not changed:
        return 0
    await tx.execute(
        _upsert(tables.premises, "premises_id"), [row_of_premises(one) for one in changed]
    )
    zones = [
        {"premises_id": one.premises_id, "position": position, **vars(zone)}
        for one in changed
        for position, zone in enumerate(one.zones)
    ]
    if zones:
        await tx.execute(_upsert(tables.zones, "zone_id"), zones)
    await outbox.add(tx, tables.outbox, now, *map(wire.premises_changed, changed))
    return len(changed)


async def load(tx: Transaction, premises_id: str) -> Premises:
    """Load premises for change; raises PremisesNotFoundError."""
    found = await _load(tx, [premises_id])
    if premises_id not in found:
        raise PremisesNotFoundError
    return found[premises_id]


async def drop_other_zones(tx: Transaction, entered: Iterable[Premises]) -> None:
    """Drop zones that the entered premises no longer have; devices must have been placed anew before."""
    premises_ids = [one.premises_id for one in entered]
    zone_ids = [zone.zone_id for one in entered for zone in one.zones]
    zones = tables.zones.c
    await tx.execute(
        delete(tables.zones).where(
            zones.premises_id.in_(premises_ids), zones.zone_id.not_in(zone_ids)
        )
    )


async def save_mutual_aid(tx: Transaction, entered: Sequence[MutualAidGroup]) -> None:
    """Enter mutual-aid groups with exactly these members."""
    if not entered:
        return
    groups = [
        {"group_id": one.group_id, "residential_group": one.residential_group, "name": one.name}
        for one in entered
    ]
    added = insert(tables.mutual_aid_groups)
    set_ = {name: added.excluded[name] for name in ("residential_group", "name")}
    await tx.execute(added.on_conflict_do_update(index_elements=["group_id"], set_=set_), groups)
    members = tables.mutual_aid_members
    group_ids = [one.group_id for one in entered]
    await tx.execute(delete(members).where(members.c.group_id.in_(group_ids)))
    rows = [
        {"group_id": one.group_id, "dwelling_id": dwelling_id}
        for one in entered
        for dwelling_id in sorted(one.dwelling_ids)
    ]
    if rows:
        await tx.execute(insert(members), rows)


async def _load(tx: Transaction, premises_ids: list[str]) -> dict[str, Premises]:
    statement = (
        select(tables.premises, zones_of_premises())
        .where(tables.premises.c.premises_id.in_(premises_ids))
        .with_for_update()
    )
    rows = (await tx.execute(statement)).mappings()
    return {row["premises_id"]: premises_of(row) for row in rows}


def _next_version(known: dict[str, Premises], entered: Premises) -> Premises | None:
    """Give the premises under their new version; None if nothing changed."""
    before = known.get(entered.premises_id)
    if before is None:
        return replace(entered, version=1)
    if replace(entered, version=before.version) == before:
        return None
    return replace(entered, version=before.version + 1)


def _upsert(table: Table, key: str) -> Insert:
    """Insert rows or overwrite those with the same key."""
    statement = insert(table)
    return statement.on_conflict_do_update(
        index_elements=[key],
        set_={one.name: statement.excluded[one.name] for one in table.c if one.name != key},
    )
