"""Access tokens: JSON Web Tokens (RFC 7519) of an OpenID Connect issuer, checked in every service itself."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlparse

import httpx2
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import KeySet

from chassis.context import Identity
from chassis.errors import ServiceUnavailableError, TokenExpiredError, TokenInvalidError

# Public-key algorithms only: a shared secret would let every service mint tokens.
_ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "RS256", "PS256"]
_REFRESH_S = 300.0
_RETRY_S = 5.0


class TokenVerifier:
    """Checks signature, issuer, audience and expiry of access tokens, and reads account and roles.

    The key set is read on first use, again every five minutes, and at once (at most every five seconds) when a
    token names an unknown key, so that a key roll-over needs no restart. While the issuer is away the keys known
    so far stay in use.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks_address: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = jwks_address
        self._monotonic = monotonic
        self._keys: KeySet | None = None
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()
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
        await self._refresh(_REFRESH_S)
        try:
            return self._decode(token)
        except (JoseError, ValueError, KeyError) as error:
            if isinstance(error, ExpiredTokenError):
                raise TokenExpiredError from error
        await self._refresh(_RETRY_S)
        try:
            return self._decode(token)
        except ExpiredTokenError as error:
            raise TokenExpiredError from error
        except (JoseError, ValueError, KeyError) as error:
            raise TokenInvalidError from error

    def _decode(self, token: str) -> Identity:
        if self._keys is None:
            raise ServiceUnavailableError
        claims = jwt.decode(token, self._keys, algorithms=_ALGORITHMS).claims
        self._claims.validate(claims)
        roles = claims.get("roles", [])
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise TokenInvalidError
        return Identity(str(claims["sub"]), frozenset(roles), token, float(claims["exp"]))

    async def _refresh(self, max_age_s: float) -> None:
        async with self._reading:
            if self._monotonic() - self._read_at < max_age_s:
                return
            self._read_at = self._monotonic()
            try:
                self._keys = KeySet.import_key_set(json.loads(await self._read()))
            except (OSError, httpx2.HTTPError, ValueError, JoseError) as error:
                if self._keys is None:
                    self._read_at = float("-inf")
                    raise ServiceUnavailableError from error

    async def _read(self) -> str:
        address = urlparse(self._address)
        if address.scheme == "file":
            return await asyncio.to_thread(Path(address.path).read_text, encoding="utf-8")
        async with httpx2.AsyncClient(timeout=5) as client:
            response = await client.get(self._address)
            response.raise_for_status()
            return response.text
