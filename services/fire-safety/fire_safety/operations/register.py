"""The register: entering premises, devices and the neighbourhood's means from files."""

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.clock import Clock
from chassis.storage.database import Database
from fire_safety.domain.devices.device import Device
from fire_safety.domain.premises.premises import MutualAidGroup, Premises
from fire_safety.domain.premises.supply_points import SupplyPoint
from fire_safety.operations.devices import enter_register
from fire_safety.repository import areas, devices, supply_points
from fire_safety.repository import premises as repository


@dataclass(frozen=True)
class Register:
    """Everything that one import enters."""

    premises: Sequence[Premises]
    devices: Sequence[Device]
    supply_points: Sequence[SupplyPoint]
    mutual_aid_groups: Sequence[MutualAidGroup]


class RegisterOperations:
    """Enters registers."""

    def __init__(self, database: Database, clock: Clock, ward_code: str) -> None:
        self._database = database
        self._clock = clock
        self._ward_code = ward_code

    async def enter(self, register: Register) -> int:
        """Enter a register, all of it or nothing; tell how many premises were new or changed.

        What is entered again unchanged has no effect and no event. The events leave when the service runs. Raises
        FieldInvalidError for a device that the register's rules refuse.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            entered = await areas.with_made_zones(tx, register.premises)
            changed = await repository.save_premises(tx, entered, now)
            await devices.lock_register(tx)
            untold = await areas.untold_groups(tx, register.mutual_aid_groups)
            await repository.save_mutual_aid(tx, register.mutual_aid_groups)
            await enter_register(tx, register.devices, now)
            await repository.drop_other_zones(tx, entered)
            await areas.tell_groups(tx, self._ward_code, untold, now)
            await supply_points.enter(tx, self._ward_code, register.supply_points, now)
        return changed
