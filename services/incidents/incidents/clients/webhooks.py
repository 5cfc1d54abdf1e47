"""HTTP out to whoever wants to be told: never inside, unless a setting allows it."""

import asyncio
import socket
from contextlib import suppress

import httpx2

from chassis.clock import Clock
from incidents.domain.webhooks import Delivery, is_public

_TIMEOUT_S = 5.0
_HTTPS_PORT = 443
_NOT_PUBLIC, _UNKNOWN_HOST = "address_not_public", "unknown_host"


class WebhookClient:
    """Sends deliveries. It follows no redirection, uses no proxy and reads no answer."""

    def __init__(self, clock: Clock, *, private_allowed: bool) -> None:
        self._clock = clock
        self._private_allowed = private_allowed
        self._client = httpx2.AsyncClient(
            timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False
        )

    async def send(self, delivery: Delivery) -> str:
        """Send a delivery; tell why it failed, or an empty text once the receiver has taken it (2xx)."""
        try:
            async with asyncio.timeout(2 * _TIMEOUT_S):
                return await self._sent(delivery)
        except TimeoutError:
            return "timeout"
        except httpx2.HTTPError as error:
            return type(error).__name__
        except (socket.gaierror, httpx2.InvalidURL, UnicodeError):
            # Also a name that no DNS could hold: one such webhook must not hold up the others.
            return _UNKNOWN_HOST

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _sent(self, delivery: Delivery) -> str:
        url = httpx2.URL(delivery.url)
        headers = delivery.headers(self._clock())
        extensions = {}
        if not self._private_allowed:
            # The address that was judged is the one that is called: the name could lead elsewhere the next moment.
            address = await _public_address(url.host, url.port or _HTTPS_PORT)
            if address is None:
                return _NOT_PUBLIC
            headers["host"] = url.netloc.decode("ascii")
            extensions["sni_hostname"] = url.raw_host.decode("ascii")
            url = url.copy_with(host=address)
        async with self._client.stream(
            "POST", url, content=delivery.content, headers=headers, extensions=extensions
        ) as answer:
            return "" if answer.is_success else f"status_{answer.status_code}"


async def _public_address(host: str, port: int) -> str | None:
    """Look a name up; None unless all that it leads to is public. Raises socket.gaierror."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    with suppress(ValueError):  # a zone index: link-local
        if addresses and all(is_public(address) for address in addresses):
            return addresses[0]
    return None
