"""The discovery document and public keys of the local issuer, for development.

The gateway mints no token and never sees the private key; with a real issuer none of this is served.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

_KEYS_PATH = "/.well-known/jwks.json"
_CACHED = {"cache-control": "public, max-age=60"}
# RFC 7517, 7518: what may be shown of a key. A private key that got into the file stays in it.
_PUBLIC = ("kty", "use", "alg", "kid", "crv", "x", "y", "n", "e")


def issuer_routes(issuer: str, jwks_file: Path) -> APIRouter:
    """Make the routes of OpenID Connect discovery for the issuer at that address."""
    router = APIRouter()

    @router.get("/.well-known/openid-configuration")
    async def discovery() -> JSONResponse:
        return JSONResponse(
            {
                "issuer": issuer,
                "jwks_uri": issuer.rstrip("/") + _KEYS_PATH,
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "claims_supported": [
                    "iss",
                    "aud",
                    "sub",
                    "exp",
                    "iat",
                    "roles",
                    "assurance_level",
                ],
            },
            headers=_CACHED,
        )

    @router.get(_KEYS_PATH)
    async def keys() -> JSONResponse:
        # Read anew each time: the issuer may have rolled its key.
        held = json.loads(await asyncio.to_thread(jwks_file.read_text, encoding="utf-8"))
        return JSONResponse({"keys": [_shown(key) for key in held["keys"]]}, headers=_CACHED)

    return router


def _shown(key: dict[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in _PUBLIC if name in key}
