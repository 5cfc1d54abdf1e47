"""Disconnecting devices whose rights have changed: revoked, expired, replaced, or speaking for others than before.

The broker checks rights when a connection begins. So every second those whose rights have changed since are asked for
at all brokers, and their older connections are ended; who still has rights signs in anew at once. Who began later was
judged by what is in force. It needs no memory: after a start it looks back as far as a connection can live.
"""

import asyncio
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from nats.aio.client import Client
from nats.errors import Error as NatsError

from chassis import metrics
from chassis.clock import Clock
from chassis.errors import DatabaseUnavailableError
from chassis.log import logger
from fire_safety.operations.sign_in import SignInOperations
from fire_safety.queries.sign_in import SignInQueries

_EVERY_S = 1.0
# Changes may become visible this long after they were made, and a sign-in may take so long.
_LATE = timedelta(seconds=30)
# How far the broker's clock may be from ours, and how long a sign-in under way may still go by what was in force.
_MARGIN = timedelta(seconds=2)
# Brokers that have not answered by then are asked again with the next look.
_ANSWERS_S = 0.5
_PAGE = 1024


@dataclass(frozen=True)
class Connection:
    """A client's connection at one of the brokers."""

    server_id: str
    number: int
    device_id: str
    began_at: datetime


class SignOuts:
    """Ends connections until cancelled; any number of replicas may do so at once."""

    def __init__(
        self,
        client: Client,
        accounts: Collection[str],
        queries: SignInQueries,
        operations: SignInOperations,
        clock: Clock,
    ) -> None:
        self._client = client
        self._accounts = accounts
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
        for one in await self._connections(changes):
            if one.began_at < changes[one.device_id] + _MARGIN:
                await self._end(one)

    async def _connections(self, device_ids: Iterable[str]) -> list[Connection]:
        """Ask all brokers for the connections of devices; each answers for itself."""
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox)
        found: list[Connection] = []
        try:
            for device_id, account in product(device_ids, self._accounts):
                asked = {"auth": True, "user": device_id, "acc": account, "limit": _PAGE}
                await self._client.publish(
                    "$SYS.REQ.SERVER.PING.CONNZ", json.dumps(asked).encode(), reply=inbox
                )
            while True:
                message = await subscription.next_msg(timeout=_ANSWERS_S)
                found += _connections_of(json.loads(message.data))
        except TimeoutError:
            return found
        finally:
            await subscription.unsubscribe()

    async def _end(self, connection: Connection) -> None:
        subject = f"$SYS.REQ.SERVER.{connection.server_id}.KICK"
        asked = json.dumps({"cid": connection.number}).encode()
        # A broker does nothing for somebody to whom it cannot reply; whether it did, the next look tells.
        await self._client.publish(subject, asked, reply=self._client.new_inbox())
        metrics.SIGN_OUTS.inc()
        logger().info("device_disconnected", connection=connection.number)


def _connections_of(answer: Mapping[str, object]) -> list[Connection]:
    server, data = answer.get("server"), answer.get("data")
    if not isinstance(server, dict) or not isinstance(data, dict):
        return []
    return [
        Connection(
            server_id=server["id"],
            number=one["cid"],
            device_id=one["authorized_user"],
            began_at=datetime.fromisoformat(one["start"]),
        )
        for one in data.get("connections", [])
    ]
