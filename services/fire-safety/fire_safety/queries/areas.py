"""Detection zones and mutual-aid groups, and the history of each."""

from sqlalchemy import and_, literal, select

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.premises.areas import (
    AreaChange,
    AreaKind,
    DetectionZone,
    InterlinkedGroup,
    MutualAidGroupNotFoundError,
    ZoneNotFoundError,
)
from fire_safety.domain.premises.premises import PremisesNotFoundError
from fire_safety.repository import areas as repository

_zones, _groups = tables.zones.c, tables.mutual_aid_groups.c
_premises, _changes = tables.premises.c, tables.area_changes.c
# Where an area of each kind is while it is on the register.
_REGISTERED = {AreaKind.ZONE: _zones.zone_id, AreaKind.MUTUAL_AID_GROUP: _groups.group_id}
_MISSING = {
    AreaKind.ZONE: ZoneNotFoundError,
    AreaKind.MUTUAL_AID_GROUP: MutualAidGroupNotFoundError,
}


class AreaQueries:
    """Asks for areas."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_zones(self, premises_id: str, after_id: str, limit: int) -> list[DetectionZone]:
        """Give the zones of premises in order of their id; raises PremisesNotFoundError."""
        here = and_(_zones.premises_id == _premises.premises_id, _zones.zone_id > after_id)
        statement = (
            repository.zones()
            .select_from(tables.premises.outerjoin(tables.zones, here))
            .where(_premises.premises_id == premises_id)
            .order_by(_zones.zone_id)
            .limit(limit)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).mappings().all()
        if not rows:
            raise PremisesNotFoundError
        return [repository.zone_of(row) for row in rows if row["zone_id"] is not None]

    async def list_groups(
        self, residential_group: int, after_id: str, limit: int
    ) -> list[InterlinkedGroup]:
        """Give groups in order of their id; residential group 0 leaves all in."""
        statement = repository.groups().where(_groups.group_id > after_id)
        if residential_group:
            statement = statement.where(_groups.residential_group == residential_group)
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(_groups.group_id).limit(limit))
            return [repository.group_of(row) for row in rows.mappings()]

    async def list_changes(
        self, kind: AreaKind, area_id: str, before: int, limit: int
    ) -> list[AreaChange]:
        """Give the history of an area, newest first, from before a position.

        Raises ZoneNotFoundError or MutualAidGroupNotFoundError where there neither is nor was such an area.
        """
        asked = select(literal(area_id).label("area_id")).subquery("asked")
        theirs = and_(_changes.kind == kind, _changes.area_id == asked.c.area_id)
        known = select(_REGISTERED[kind]).where(_REGISTERED[kind] == area_id).exists()
        ever = select(_changes.position).where(theirs).correlate(asked).exists()
        statement = (
            select(tables.area_changes)
            .select_from(
                asked.outerjoin(tables.area_changes, and_(theirs, _changes.position < before))
            )
            .where(known | ever)
            .order_by(_changes.position.desc())
            .limit(limit)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).all()
        if not rows:
            raise _MISSING[kind]
        return [repository.change_of(row) for row in rows if row.position is not None]
