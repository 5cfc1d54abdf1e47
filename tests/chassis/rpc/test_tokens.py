"""Access tokens: what is accepted, what is refused, and why."""

import asyncio
import base64
import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from chassis.clock import utc_now
from chassis.errors import ServiceUnavailableError, TokenExpiredError, TokenInvalidError
from chassis.rpc.tokens import TokenVerifier
from stack.issuer import LIFETIME_SECONDS, WARD_CODE, Issuer, Role
from tests.fixtures.servers import ISSUER_ADDRESS, MakeToken

AUDIENCE = "safe-digital-ward"


def verifier(issuer: Issuer) -> TokenVerifier:
    """Make a verifier that trusts the test's issuer."""
    return TokenVerifier(ISSUER_ADDRESS, AUDIENCE, issuer.jwks_url, ward_code=WARD_CODE)


async def test_a_good_token_names_account_and_roles(issuer: Issuer, make_token: MakeToken) -> None:
    """The identity is what the issuer said."""
    identity = await verifier(issuer).verify(make_token("duty_officer"))

    assert identity.account == "demo-duty-officer"
    assert identity.roles == {"duty_officer"}


async def test_a_token_tells_who_acts_for_its_account(
    issuer: Issuer, make_token: MakeToken
) -> None:
    """The account stays that of the person; most act for themselves."""
    own = await verifier(issuer).verify(make_token("duty_officer"))
    acted = await verifier(issuer).verify(make_token("duty_officer", actor="incidents"))

    assert (own.account, own.actor) == ("demo-duty-officer", "")
    assert (acted.account, acted.actor) == ("demo-duty-officer", "incidents")


async def test_a_token_names_the_assurance_level(issuer: Issuer, make_token: MakeToken) -> None:
    """1 or 2 (Decree 69/2024/NĐ-CP); another is no token of the ward."""
    checks = verifier(issuer)
    levels = [
        (await checks.verify(make_token("citizen", assurance_level=level))).assurance
        for level in (1, 2)
    ]

    assert levels == [1, 2]
    with pytest.raises(TokenInvalidError):
        await checks.verify(make_token("citizen", assurance_level=3))


async def test_a_token_of_another_ward_is_refused(issuer: Issuer, make_token: MakeToken) -> None:
    """The wards of a city may have one issuer; the local one names the ward in each token."""
    token = make_token("residence_officer")
    of_ward, of_another = (
        TokenVerifier(ISSUER_ADDRESS, AUDIENCE, issuer.jwks_url, ward_code=code)
        for code in (WARD_CODE, "11003")
    )

    assert (await of_ward.verify(token)).roles == {"residence_officer"}
    for _ in range(2):
        with pytest.raises(TokenInvalidError):
            await of_another.verify(token)


@pytest.mark.parametrize(
    ("roles", "let_in"),
    [
        (["citizen"], True),
        (["residence_officer"], False),
        (["service"], False),
        (["citizen", "duty_officer"], False),
        ([], False),
    ],
)
async def test_only_a_citizens_token_may_name_no_ward(
    tmp_path: Path, roles: list[str], *, let_in: bool
) -> None:
    """An officer's or a service's that names none would open every ward of an issuer."""
    other = Issuer(tmp_path, ISSUER_ADDRESS)
    other.prepare()
    key = ECKey.import_key(json.loads((tmp_path / "private.json").read_text()))
    end = int(time.time()) + 60
    claims = {"iss": ISSUER_ADDRESS, "aud": AUDIENCE, "sub": "x", "roles": roles, "exp": end}
    token = jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)

    if let_in:
        assert (await verifier(other).verify(token)).roles == {"citizen"}
        return
    with pytest.raises(TokenInvalidError):
        await verifier(other).verify(token)


async def test_an_identity_does_not_show_its_token(issuer: Issuer, make_token: MakeToken) -> None:
    """A logged identity must not let anybody in."""
    token = make_token("duty_officer")

    assert token not in repr(await verifier(issuer).verify(token))


async def test_an_expired_token_is_told_apart(issuer: Issuer, make_token: MakeToken) -> None:
    """The caller learns to sign in again rather than that the token is forged."""
    yesterday = time.time() - 86_400

    with pytest.raises(TokenExpiredError):
        await verifier(issuer).verify(make_token("duty_officer", at=yesterday))


async def test_a_token_that_was_good_expires_all_the_same(
    issuer: Issuer, make_token: MakeToken
) -> None:
    """What is remembered of a token holds no longer than the token."""
    now = utc_now()
    checks = TokenVerifier(
        ISSUER_ADDRESS, AUDIENCE, issuer.jwks_url, clock=lambda: now, ward_code=WARD_CODE
    )
    token = make_token("duty_officer", at=now.timestamp() - LIFETIME_SECONDS + 1)
    known = await checks.verify(token)
    assert await checks.verify(token) is known
    now += timedelta(seconds=2)

    assert await checks.verify(token) is not known


async def test_a_key_that_was_taken_back_vouches_for_nobody(
    tmp_path: Path, make_token: MakeToken, issuer: Issuer
) -> None:
    """Not for a token either that was good under it, from the next reading of the keys on."""
    file, passed = tmp_path / "jwks.json", 0.0
    file.write_text(issuer.jwks_file.read_text())
    checks = TokenVerifier(
        ISSUER_ADDRESS, AUDIENCE, file.as_uri(), lambda: passed, ward_code=WARD_CODE
    )
    token = make_token("duty_officer")
    await checks.verify(token)
    file.write_text(json.dumps({"keys": [ECKey.generate_key("P-256").as_dict(private=False)]}))
    passed = 301
    await checks.verify(token)
    while "the keys are being read":
        await asyncio.sleep(0)
        try:
            await checks.verify(token)
        except TokenInvalidError:
            return


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "é" * 40, "." * 10, "eyJhbGciOiJub25lIn0.e30."]
)
async def test_noise_is_refused(issuer: Issuer, token: str) -> None:
    """Text that is no token is invalid and nothing worse."""
    with pytest.raises(TokenInvalidError):
        await verifier(issuer).verify(token)


async def test_an_altered_payload_is_refused(issuer: Issuer, make_token: MakeToken) -> None:
    """Another role in the payload breaks the signature."""
    header, payload, signature = make_token("citizen").split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["roles"] = ["data_protection_officer"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")

    with pytest.raises(TokenInvalidError):
        await verifier(issuer).verify(f"{header}.{forged}.{signature}")


@pytest.mark.parametrize(
    ("iss", "aud"), [("http://elsewhere.example", AUDIENCE), (ISSUER_ADDRESS, "another-system")]
)
async def test_a_token_of_another_issuer_or_audience_is_refused(
    tmp_path: Path, iss: str, aud: str
) -> None:
    """A good signature is not enough: the token must come from our issuer and be meant for us."""
    other = Issuer(tmp_path, ISSUER_ADDRESS)
    other.prepare()
    key = ECKey.import_key(json.loads((tmp_path / "private.json").read_text()))
    end = int(time.time()) + 60
    claims = {"iss": iss, "aud": aud, "sub": "x", "roles": ["citizen"], "exp": end}
    token = jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)

    with pytest.raises(TokenInvalidError):
        await verifier(other).verify(token)


async def test_a_shared_secret_is_never_a_key(issuer: Issuer) -> None:
    """Signing with the public key's text as an HMAC secret (key confusion) is refused."""
    secret = OctKey.import_key(issuer.jwks_file.read_text())
    claims = {"iss": ISSUER_ADDRESS, "aud": AUDIENCE, "sub": "x", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": "HS256"}, claims, secret)

    with pytest.raises(TokenInvalidError):
        await verifier(issuer).verify(token)


async def test_a_new_key_is_found_without_a_restart(tmp_path: Path) -> None:
    """After a key roll-over the first token of the new key is accepted."""
    now = [0.0]
    old = Issuer(tmp_path / "issuer", ISSUER_ADDRESS)
    old.prepare()
    checks = TokenVerifier(
        ISSUER_ADDRESS, AUDIENCE, old.jwks_url, monotonic=lambda: now[0], ward_code=WARD_CODE
    )
    await checks.verify(_duty_token(old))
    (tmp_path / "issuer" / "private.json").unlink()
    new = Issuer(tmp_path / "issuer", ISSUER_ADDRESS)
    new.prepare()
    now[0] += 6

    assert (await checks.verify(_duty_token(new))).account == "demo-duty-officer"


async def test_without_keys_the_service_says_it_is_unavailable(tmp_path: Path) -> None:
    """A missing key set is an outage, not a forged token."""
    checks = TokenVerifier(
        ISSUER_ADDRESS, AUDIENCE, (tmp_path / "none.json").as_uri(), ward_code=WARD_CODE
    )

    with pytest.raises(ServiceUnavailableError):
        await checks.verify("a.b.c")


def _duty_token(issuer: Issuer) -> str:
    return issuer.token(Role.DUTY_OFFICER, time.time())
