"""What deciding over a sign-in needs, and whose rights have changed since."""

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import case, func, null, or_, select, union_all

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.gate.credentials import SignInPolicy
from fire_safety.domain.gate.sign_in import DeviceRights
from fire_safety.repository import credentials as repository

_credentials = tables.device_credentials.c
_devices = tables.devices.c
_gateways = tables.gateway_rights.c


class SignInQueries:
    """Asks for the rights of devices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def policy(self, now: datetime) -> SignInPolicy:
        """Give the terms that are in force."""
        async with self._database.transaction() as tx:
            return await repository.policy_in_force(tx, now)

    async def rights(self, names: Collection[str]) -> dict[str, DeviceRights]:
        """Give the devices of these names that are on the register."""
        known = select(_devices.device_id, _devices.retired).where(_devices.device_id.in_(names))
        theirs = (
            select(tables.device_credentials)
            .where(_credentials.device_id.in_(names))
            .order_by(_credentials.device_id)
        )
        children = (
            select(_devices.gateway_id, _devices.device_id)
            .where(_devices.gateway_id.in_(names), _devices.retired.is_(False))
            .order_by(_devices.gateway_id, _devices.device_id)
        )
        async with self._database.transaction() as tx:
            found = (await tx.execute(known)).all()
            credentials = {
                device_id: [repository.credential_of(row) for row in rows]
                for device_id, rows in groupby(
                    (await tx.execute(theirs)).mappings(), key=lambda row: row["device_id"]
                )
            }
            spoken_for = {
                gateway_id: [device_id for _, device_id in rows]
                for gateway_id, rows in groupby(await tx.execute(children), key=lambda row: row[0])
            }
        return {
            one: DeviceRights(one, credentials.get(one, []), spoken_for.get(one, []), retired)
            for one, retired in found
        }

    async def changes(
        self, since: datetime, now: datetime, early: timedelta
    ) -> dict[str, datetime]:
        """Give the devices whose rights changed after `since`, and when they last did.

        Changes noted more than `early` after now, by a clock that was ahead, must not end connections for so long.
        """
        expired = case((_credentials.expires_at <= now, _credentials.expires_at))
        ended = func.least(_credentials.revoked_at, expired)
        ends = select(_credentials.device_id, ended.label("at")).where(
            or_(
                _credentials.revoked_at.between(since, now + early),
                _credentials.expires_at.between(since, now),
            )
        )
        gateways = select(_gateways.gateway_id, _gateways.changed_at).where(
            _gateways.changed_at.between(since, now + early)
        )
        each = union_all(ends, gateways).subquery("each_change")
        statement = (
            select(each.c.device_id, func.max(each.c.at))
            .where(each.c.at.is_not(null()))
            .group_by(each.c.device_id)
        )
        async with self._database.transaction() as tx:
            return dict((await tx.execute(statement)).all())
