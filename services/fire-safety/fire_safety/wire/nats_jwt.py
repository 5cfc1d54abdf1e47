"""NATS's own JWTs: three parts in base64url, signed with Ed25519 by the key that `iss` names."""

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Any

from chassis.broker.nkey import BadSealError, SigningKey, verify

Claims = dict[str, Any]

_PARTS = 3
_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}


class MalformedTokenError(Exception):
    """Not a token of NATS, or not signed by the key that it names."""


def encode(claims: Claims, key: SigningKey, now: datetime) -> str:
    """Sign claims; `iss`, `iat` and `jti` are added."""
    whole = {**claims, "iss": key.public, "iat": int(now.timestamp())}
    whole["jti"] = hashlib.sha256(_json(whole)).hexdigest()
    signed = f"{_base64(_json(_HEADER))}.{_base64(_json(whole))}"
    return f"{signed}.{_base64(key.sign(signed.encode()))}"


def decode(token: bytes) -> Claims:
    """Read the claims of a token that was signed by the key it names; who may sign is the caller's to say.

    Raises MalformedTokenError.
    """
    parts = token.split(b".")
    if len(parts) != _PARTS:
        raise MalformedTokenError
    try:
        header, claims, signature = map(_unbase64, parts)
        said, told = json.loads(header), json.loads(claims)
        if said.get("alg") != _HEADER["alg"]:
            raise MalformedTokenError
        verify(told["iss"], b".".join(parts[:2]), signature)
    except (ValueError, KeyError, TypeError, AttributeError, BadSealError) as error:
        raise MalformedTokenError from error
    return dict(told)


def _json(value: Claims) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: bytes) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise MalformedTokenError from error
