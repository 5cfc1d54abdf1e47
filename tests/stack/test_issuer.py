"""The development token issuer."""

import json
import time
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from chassis.rpc.tokens import TokenVerifier
from stack.issuer import AUDIENCE, WARD_CODE, Issuer, Role

ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture
def issuer(tmp_path: Path) -> Issuer:
    """Make an issuer with fresh keys."""
    issuer = Issuer(tmp_path / "issuer", ADDRESS)
    issuer.prepare()
    return issuer


async def test_the_services_accept_its_tokens(issuer: Issuer) -> None:
    """The verifier of every service reads account and role from a token."""
    verifier = TokenVerifier(ADDRESS, AUDIENCE, issuer.jwks_url, ward_code=WARD_CODE)

    identity = await verifier.verify(issuer.token(Role.DUTY_OFFICER, time.time()))

    assert identity.account == "demo-duty-officer"
    assert identity.roles == {"duty_officer"}


def test_a_token_says_no_more_than_it_must(issuer: Issuer) -> None:
    """A token names a pseudonym, its role and ward, and ends after twelve hours."""
    keys = KeySet.import_key_set(json.loads(issuer.jwks_file.read_text()))

    claims = jwt.decode(issuer.token(Role.CITIZEN, 1_800_000_000.9), keys).claims

    assert claims.pop("jti")
    assert claims == {
        "iss": ADDRESS,
        "aud": AUDIENCE,
        "sub": "demo-citizen",
        "roles": ["citizen"],
        "assurance_level": 2,
        "ward": "11002",
        "iat": 1_800_000_000,
        "exp": 1_800_043_200,
    }


def test_the_key_is_made_once_and_kept_private(issuer: Issuer, tmp_path: Path) -> None:
    """A second start signs with the same key; the public file holds no private part."""
    public = json.loads(issuer.jwks_file.read_text())

    Issuer(tmp_path / "issuer", ADDRESS).prepare()

    assert json.loads(issuer.jwks_file.read_text()) == public
    assert "d" not in public["keys"][0]
    assert (tmp_path / "issuer" / "private.json").stat().st_mode & 0o077 == 0
