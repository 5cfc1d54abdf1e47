"""Until when the certificate is valid that the broker shows whoever connects: with it devices and services stop."""

import asyncio
import json
import ssl
from functools import partial
from urllib.parse import urlsplit

from cryptography import x509

from chassis.errors import BrokerUnavailableError
from chassis.repeating import keep_doing
from chassis.telemetry import metrics

_EVERY_S = 300.0
_WITHIN_S = 5.0
_PORT = 4222


async def watch(nats_url: str) -> None:
    """Let metrics tell it until cancelled; what was told last stays while the broker is away."""
    outages = (BrokerUnavailableError,)
    await keep_doing("broker_certificate", _EVERY_S, partial(_tell, nats_url), outages)


async def _tell(nats_url: str) -> None:
    if (at := await expires(nats_url)) is not None:
        metrics.CERTIFICATE_EXPIRES.labels("broker").set(at)


async def expires(nats_url: str) -> float | None:
    """Tell when the certificate ends, seconds since 1970; None of a broker that speaks no TLS.

    Whether it is trusted is not asked: an end that has passed is to be told too. Raises BrokerUnavailableError.
    """
    address = urlsplit(nats_url)
    try:
        async with asyncio.timeout(_WITHIN_S):
            shown = await _shown(address.hostname or "", address.port or _PORT)
    except (OSError, TimeoutError, ValueError) as error:
        raise BrokerUnavailableError from error
    if shown is None:
        return None
    return x509.load_der_x509_certificate(shown).not_valid_after_utc.timestamp()


async def _shown(host: str, port: int) -> bytes | None:
    """Begin as a client does: the broker says first, in clear, whether it speaks TLS."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        told = json.loads((await reader.readline()).removeprefix(b"INFO "))
        if not (told.get("tls_required") or told.get("tls_available")):
            return None
        looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        looking.check_hostname, looking.verify_mode = False, ssl.CERT_NONE
        await writer.start_tls(looking, server_hostname=host)
        certificate: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return certificate
    finally:
        # To close it would wait for the other end to end TLS, with the socket open for as long as that says nothing.
        writer.transport.abort()
