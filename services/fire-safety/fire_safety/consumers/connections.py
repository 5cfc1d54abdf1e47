"""The connections of devices: all brokers are asked for them, and each can be ended."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from nats.aio.client import Client

from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from fire_safety.consumers.brokers import ask_all

_PAGE = 1024


@dataclass(frozen=True)
class Connection:
    """A client's connection at one of the brokers."""

    server_id: str
    number: int
    device_id: str
    began_at: datetime


class Connections:
    """Asks and ends as the gatekeeper, in the accounts that devices are let into."""

    def __init__(self, client: Client, accounts: Collection[str]) -> None:
        self._client = client
        self._accounts = accounts

    async def of(self, device_ids: Iterable[str]) -> list[Connection]:
        """Ask all brokers for the connections of devices; each answers for itself."""
        asked = (
            {"auth": True, "user": device_id, "acc": account, "limit": _PAGE}
            for device_id, account in product(device_ids, self._accounts)
        )
        answers = await ask_all(self._client, "$SYS.REQ.SERVER.PING.CONNZ", asked)
        return [one for answer in answers for one in _connections_of(answer)]

    async def end(self, connection: Connection) -> None:
        """End a connection; the client may sign in anew at once if it still has the right."""
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
