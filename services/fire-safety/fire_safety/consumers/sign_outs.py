"""Disconnecting devices whose rights have changed: revoked, expired, replaced, or speaking for others than before.

The broker checks rights when a connection begins. So every second those whose rights have changed since are asked for
at all brokers, and their older connections are ended; who still has rights signs in anew at once. Who began later was
judged by what is in force. It needs no memory: after a start it looks back as far as a connection can live.
"""

import asyncio
from datetime import datetime, timedelta

from nats.errors import Error as NatsError

from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.telemetry.log import logger
from fire_safety.consumers.connections import Connections
from fire_safety.operations.sign_in import SignInOperations
from fire_safety.queries.sign_in import SignInQueries

_EVERY_S = 1.0
# Changes may become visible this long after they were made, and a sign-in may take so long.
_LATE = timedelta(seconds=30)
# How far the broker's clock may be from ours, and how long a sign-in under way may still go by what was in force.
_MARGIN = timedelta(seconds=2)


class SignOuts:
    """Ends connections until cancelled; any number of replicas may do so at once."""

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

    async def run(self) -> None:
        """Look every second; an outage of broker or database only delays."""
        since: datetime | None = None
        while True:
            try:
                now = self._clock()
                if since is None:
                    policy = await self._queries.policy(now)
                    since = now - timedelta(seconds=policy.session_s)
                await self._look(since, now)
                # By the clock as it is now: one that was ahead for a while must not keep us from looking.
                since = now - _LATE
            except (DatabaseUnavailableError, NatsError, OSError) as error:
                logger().warning("sign_outs_delayed", cause=type(error).__name__)
            except Exception:  # noqa: BLE001 - the edge: logged once, then looked again
                logger().exception("sign_outs_failed")
            await asyncio.sleep(_EVERY_S)

    async def _look(self, since: datetime, now: datetime) -> None:
        await self._operations.note_ends()
        changes = await self._queries.changes(since, now, early=_LATE)
        if not changes:
            return
        for one in await self._connections.of(changes):
            if one.began_at < changes[one.device_id] + _MARGIN:
                await self._connections.end(one)
