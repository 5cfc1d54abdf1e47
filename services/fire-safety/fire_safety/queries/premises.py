"""Premises and devices of the register."""

from sqlalchemy import and_, select, tuple_

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.devices.device import Device
from fire_safety.domain.premises.premises import Premises, PremisesKind, PremisesNotFoundError
from fire_safety.repository.premises import zones_of_premises
from fire_safety.repository.rows import device_of, premises_of

_premises = tables.premises.c
_devices = tables.devices.c


class PremisesQueries:
    """Asks for premises and their devices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_premises(self, premises_id: str) -> Premises:
        """Give premises; raises PremisesNotFoundError."""
        statement = select(tables.premises, zones_of_premises()).where(
            _premises.premises_id == premises_id
        )
        async with self._database.transaction() as tx:
            row = (await tx.execute(statement)).mappings().one_or_none()
        if row is None:
            raise PremisesNotFoundError
        return premises_of(row)

    async def list_premises(
        self, group: int, kind: PremisesKind | None, after: tuple[str, str], limit: int
    ) -> list[Premises]:
        """Give premises in order of code and id, those after `after`; group 0 and kind None leave all in."""
        place = tuple_(_premises.code, _premises.premises_id)
        statement = select(tables.premises, zones_of_premises()).where(place > after)
        if group:
            statement = statement.where(_premises.residential_group == group)
        if kind:
            statement = statement.where(_premises.kind == kind)
        async with self._database.transaction() as tx:
            rows = await tx.execute(statement.order_by(place).limit(limit))
            return [premises_of(row) for row in rows.mappings()]

    async def list_devices(self, premises_id: str, after_id: str, limit: int) -> list[Device]:
        """Give the devices of premises in order of their id; raises PremisesNotFoundError."""
        here = and_(_devices.premises_id == _premises.premises_id, _devices.device_id > after_id)
        statement = (
            select(tables.devices)
            .select_from(tables.premises.outerjoin(tables.devices, here))
            .where(_premises.premises_id == premises_id)
            .order_by(_devices.device_id)
            .limit(limit)
        )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(statement)).mappings().all()
        if not rows:
            raise PremisesNotFoundError
        return [device_of(row) for row in rows if row["device_id"] is not None]
