"""Ending connections of a device beyond those that it may have at once: somebody else has its secret, or it went mad.

Whoever let a device in looks for its connections a moment later. The oldest are ended, so that the device itself,
whose lost connections the broker has not noticed yet, always gets in. A storm of reconnecting devices is looked through
bit by bit. What this process has not looked at when it stops is looked at when the device signs in again, at the latest
when its session ends.
"""

import asyncio
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from nats.errors import Error as NatsError

from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.telemetry.log import logger
from fire_safety.consumers.connections import Connection, Connections
from fire_safety.operations.sign_in import SignInOperations
from fire_safety.queries.sign_in import SignInQueries

_EVERY_S = 1.0
# Devices looked for at a time: each costs a broker a pass over its connections.
_AT_ONCE = 50


class Crowding:
    """Looks after devices that signed in, until cancelled."""

    def __init__(
        self,
        connections: Connections,
        queries: SignInQueries,
        operations: SignInOperations,
        clock: Clock,
    ) -> None:
        self._connections = connections
        self._queries = queries
        self._operations = operations
        self._clock = clock
        # In the order in which they came.
        self._signed_in: dict[str, None] = {}

    def note(self, device_id: str) -> None:
        """Note that a device was let in."""
        self._signed_in[device_id] = None

    async def run(self) -> None:
        """Look every second; an outage of broker or database only delays."""
        while True:
            some = list(self._signed_in)[:_AT_ONCE]
            # By then those let in so far are connected.
            await asyncio.sleep(_EVERY_S)
            if not some:
                continue
            for device_id in some:
                del self._signed_in[device_id]
            try:
                await self._look(some)
            except (DatabaseUnavailableError, NatsError, OSError) as error:
                logger().warning("crowding_delayed", cause=type(error).__name__)
                self._signed_in.update(dict.fromkeys(some))
            except Exception:  # noqa: BLE001 - the edge: logged once, then given up
                logger().exception("crowding_failed")

    async def _look(self, device_ids: Iterable[str]) -> None:
        most = (await self._queries.policy(self._clock())).max_connections
        if most is None:
            return
        found = sorted(await self._connections.of(device_ids), key=_by_device_and_age)
        crowded: list[str] = []
        for device_id, theirs in groupby(found, key=attrgetter("device_id")):
            beyond = list(theirs)[:-most]
            for one in beyond:
                await self._connections.end(one)
            if beyond:
                crowded.append(device_id)
        if crowded:
            await self._operations.note_crowded(crowded)


def _by_device_and_age(connection: Connection) -> tuple[str, float]:
    return connection.device_id, connection.began_at.timestamp()
