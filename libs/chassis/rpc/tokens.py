"""Access tokens: JSON Web Tokens (RFC 7519) of an OpenID Connect issuer, checked in every service itself."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import httpx2
from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from chassis.clock import Clock, utc_now
from chassis.context import Identity
from chassis.errors import ServiceUnavailableError, TokenExpiredError, TokenInvalidError
from chassis.telemetry.log import logger

# Public-key algorithms only: a shared secret would let every service mint tokens.
_ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "RS256", "PS256"]
# Levels of an electronic identity (Decree 69/2024/NĐ-CP); a token that names none has the lower one.
_ASSURANCE_LEVELS = (1, 2)
_CITIZEN = {"citizen"}
_REFRESH_S = 300.0
_RETRY_S = 5.0
_MOST_KNOWN = 10_000


class TokenVerifier:
    """Checks signature, issuer, audience, ward and expiry of access tokens; reads account, roles, level and own number.

    A token is good in the ward that it names only: the wards of a city may share an issuer and an audience. A
    citizen's may name none, for the electronic identity of the country knows no wards; officers and services are let
    in by a token that names theirs.

    The key set is read on first use, again every five minutes in the background, and (at most every five seconds)
    when a token names an unknown key, so that a key roll-over needs no restart. Only who needs a key that is not known
    waits for it: an issuer that is away or hangs delays nobody else.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks_address: str,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Clock = utc_now,
        *,
        ward_code: str,
    ) -> None:
        self._address = jwks_address
        self._ward_code = ward_code
        self._monotonic = monotonic
        self._clock = clock
        self._keys: KeySet | None = None
        self._known: dict[str, Identity] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._claims = jwt.JWTClaimsRegistry(
            leeway=5,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    async def verify(self, token: str) -> Identity:
        """Tell who holds the token.

        Raises TokenExpiredError, TokenInvalidError, or ServiceUnavailableError if no key could ever be read.
        """
        if self._monotonic() - self._read_at > _REFRESH_S:
            self._refresh()
        known = self._known.get(token)
        if known and self._clock().timestamp() < known.expires_at:
            return known
        if self._needs_other_keys(token):
            await asyncio.shield(self._refresh())
        if self._keys is None:
            raise ServiceUnavailableError
        try:
            caller = self._decode(token, self._keys)
        except ExpiredTokenError as error:
            raise TokenExpiredError from error
        except (JoseError, ValueError, KeyError) as error:
            raise TokenInvalidError from error
        self._keep(token, caller)
        return caller

    def _keep(self, token: str, caller: Identity) -> None:
        """Remember who holds a good token: checking a signature costs more than most calls."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[token] = caller

    def _needs_other_keys(self, token: str) -> bool:
        if self._keys is None:
            return True
        if self._monotonic() - self._read_at < _RETRY_S:
            return False
        try:
            named = jws.extract_compact(token.encode()).headers().get("kid")
        except (JoseError, ValueError):
            return False
        return named not in {key.kid for key in self._keys.keys}

    def _decode(self, token: str, keys: KeySet) -> Identity:
        claims = jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
        self._claims.validate(claims)
        roles = claims.get("roles", [])
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise TokenInvalidError
        of_no_ward = "ward" not in claims and set(roles) == _CITIZEN
        if not of_no_ward and claims.get("ward") != self._ward_code:
            raise TokenInvalidError
        assurance = claims.get("assurance_level", 1)
        if assurance not in _ASSURANCE_LEVELS:
            raise TokenInvalidError
        return Identity(
            account=str(claims["sub"]),
            roles=frozenset(roles),
            token=token,
            expires_at=float(claims["exp"]),
            actor=_actor(claims),
            assurance=assurance,
            own_number=_text(claims.get("personal_id_number", "")),
        )

    def _refresh(self) -> "asyncio.Task[None]":
        """Read the keys once for all who wait."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_keys())
        return self._reading

    async def _read_keys(self) -> None:
        try:
            self._keys = KeySet.import_key_set(json.loads(await self._read()))
            # A key that was taken back vouches for nobody any more.
            self._known.clear()
        except (OSError, httpx2.HTTPError, ValueError, JoseError) as error:
            logger().warning("issuer_unreachable", cause=type(error).__name__)
        self._read_at = self._monotonic()

    async def _read(self) -> str:
        address = urlparse(self._address)
        if address.scheme == "file":
            return await asyncio.to_thread(Path(address.path).read_text, encoding="utf-8")
        async with httpx2.AsyncClient(timeout=5) as client:
            response = await client.get(self._address)
            response.raise_for_status()
            return response.text


def _text(claim: object) -> str:
    """Read a claim that is text; raises TokenInvalidError."""
    if not isinstance(claim, str):
        raise TokenInvalidError
    return claim


def _actor(claims: dict[str, Any]) -> str:
    """Tell who acts for the account (RFC 8693, section 4.1); empty if the account acts itself."""
    actor = claims.get("act")
    return str(actor.get("sub", "")) if isinstance(actor, dict) else ""
