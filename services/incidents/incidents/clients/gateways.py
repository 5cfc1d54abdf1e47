"""Gateways of messages: e-mail, text messages, Telegram, Zalo and whatever else Apprise speaks.

Where each is, and with which secrets, says one file. Neither what it says nor an address is ever logged: Apprise and
what it stands on log both, and are silenced here.
"""

import asyncio
import json
import logging
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from apprise import Apprise, AppriseAsset, NotifyFormat, PersistentStoreMode

from chassis.telemetry.log import logger
from incidents.domain.duty.deliveries import Outcome, Outgoing

# Within it a gateway must have taken a message.
PATIENCE_S = 10.0
_ANY = "json://127.0.0.1"
_TALKATIVE = ("apprise", "urllib3", "requests")


class Messenger(Protocol):
    """The port: what can send a message."""

    async def prepare(self) -> None:
        """Make ready, so that the first message does not wait."""

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Send a message once; tell what came of it."""


class AppriseMessenger:
    """Sends by the gateways of a file, which is read anew each time, so that secrets can be changed.

    The file is a JSON object: channel (`EMAIL`, `SMS`, `TELEGRAM`, `ZALO`) → Apprise URL, in which `{to}` stands for
    the address and `{receipt}` for the idempotency key. Without a file no channel has a gateway. A gateway that has not
    taken a message within `patience_s`, seconds, did not.
    """

    def __init__(self, gateways_file: Path | None, patience_s: float = PATIENCE_S) -> None:
        self._gateways_file = gateways_file
        self._patience_s = patience_s
        # The name is a header of HTTP, so it has no diacritics.
        self._asset = AppriseAsset(
            app_id="Phuong so an toan", storage_mode=PersistentStoreMode.MEMORY
        )
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    async def prepare(self) -> None:
        """Load what Apprise speaks, if there are gateways: two seconds, in which nothing else may wait."""
        if self._gateways_file is not None:
            await asyncio.to_thread(self._gateway_at, _ANY)

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Send a message once; tell what came of it."""
        url = self._url(outgoing)
        if not url:
            return Outcome.UNREACHABLE
        gateway = await asyncio.to_thread(self._gateway_at, url)
        if gateway is None:
            logger().error("gateway_unusable", channel=outgoing.channel)
            return Outcome.UNREACHABLE
        message = outgoing.message
        try:
            async with asyncio.timeout(self._patience_s):
                taken = await gateway.async_notify(
                    title=message.title, body=message.text, body_format=NotifyFormat.TEXT
                )
        except TimeoutError:
            return Outcome.REFUSED
        return Outcome.TAKEN if taken else Outcome.REFUSED

    def _gateway_at(self, url: str) -> Apprise | None:
        gateway = Apprise(asset=self._asset)
        return gateway if gateway.add(url) else None

    def _url(self, outgoing: Outgoing) -> str:
        """Write where a message goes; empty where there is no gateway or no address."""
        template = self._gateways().get(outgoing.channel, "")
        if not outgoing.address:
            return ""
        to = quote(outgoing.address, safe="")
        return template.replace("{to}", to).replace("{receipt}", outgoing.receipt)

    def _gateways(self) -> dict[str, str]:
        if self._gateways_file is None:
            return {}
        try:
            said = json.loads(self._gateways_file.read_text())
            return {str(channel): str(url) for channel, url in said.items()}
        except (OSError, ValueError, AttributeError):
            # What is in it, an error would show.
            logger().error("gateways_file_unusable")
            return {}
