"""The local issuer's public side."""

import json
from pathlib import Path

import httpx2
from fastapi import FastAPI

from gateway.issuer import issuer_routes


async def shown(folder: Path, key: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """Serve a key set with that key, and read it."""
    file = folder / "jwks.json"
    file.write_text(json.dumps({"keys": [key]}))
    app = FastAPI()
    app.include_router(issuer_routes("http://127.0.0.1:8080", file))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ward") as client:
        answer: dict[str, list[dict[str, str]]] = (
            await client.get("/.well-known/jwks.json")
        ).json()
    return answer


async def test_a_private_key_in_the_file_is_never_shown(tmp_path: Path) -> None:
    """Only what RFC 7518 calls public leaves."""
    key = {"kty": "EC", "crv": "P-256", "x": "1", "y": "2", "d": "secret", "kid": "a"}

    assert await shown(tmp_path, key) == {
        "keys": [{"kty": "EC", "kid": "a", "crv": "P-256", "x": "1", "y": "2"}]
    }
