"""Whether the broker stores what it is given.

After it could not write once, as on a full disk, a stream refuses everything until its server is started anew, though
there is room again. The server answers all the same, so that nothing else shows it.
"""

import asyncio

from nats.aio.client import Client
from nats.errors import Error as NatsError

from chassis.telemetry.log import logger
from fire_safety.consumers.brokers import ask_all

_EVERY_S = 5.0
_HEALTH = "$SYS.REQ.SERVER.PING.HEALTHZ"
_WRITE_ERROR = "write error"
_WHAT_TO_DO = (
    "NATS không ghi được xuống đĩa và từ chối mọi bản tin: hãy dọn đĩa rồi khởi động lại NATS."
    " / NATS could not write to its disk and refuses all messages: free the disk, then start NATS anew."
)


class BrokerStoresNothingError(Exception):
    """A server of the broker refuses what it should store."""


class BrokerStorage:
    """Asks the broker's servers as the gatekeeper how they are, until cancelled."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stuck: set[str] = set()

    async def check(self) -> None:
        """Fail while a server does not store."""
        if self._stuck:
            raise BrokerStoresNothingError

    async def run(self) -> None:
        """Look now and then; an outage only delays, and other parts tell it."""
        while True:
            try:
                await self.look()
            except (NatsError, OSError, KeyError, ValueError) as error:
                logger().warning("broker_storage_delayed", cause=type(error).__name__)
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        """Ask once; who comes to store nothing is told, and who stores again. What nobody answers changes nothing."""
        answers = await ask_all(self._client, _HEALTH, [{}])
        if not answers:
            return
        stuck = {
            one["server"]["name"]
            for one in answers
            if _WRITE_ERROR in one.get("data", {}).get("error", "")
        }
        for server in sorted(stuck - self._stuck):
            logger().error("broker_stores_nothing", server=server, what_to_do=_WHAT_TO_DO)
        for server in sorted(self._stuck - stuck):
            logger().info("broker_stores_again", server=server)
        self._stuck = stuck
