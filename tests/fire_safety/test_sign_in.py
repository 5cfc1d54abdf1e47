"""Who is let in, for whom, how long; and who is slowed down."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.broker.nkey import SigningKey
from chassis.errors import FieldInvalidError
from fire_safety.domain.gate.credentials import (
    Credential,
    CredentialEndedError,
    SignInPolicy,
    digest,
)
from fire_safety.domain.gate.sign_in import Attempt, DeviceRights, Grant, Refusal, decide
from fire_safety.domain.gate.slowing import Slowing
from fire_safety.wire import nats_jwt
from tests.fire_safety.samples import NOW

POLICY = SignInPolicy(
    version=1,
    credential_life_s=86400,
    rotation_grace_s=3600,
    session_s=600,
    delay_first_s=0.25,
    delay_max_s=4,
    failures_remembered_s=60,
)
HOUR = timedelta(hours=1)
GOOD = Credential(UUID(int=1), "D-1", digest("right"), NOW - HOUR, "admin", NOW + HOUR)
ATTEMPT = Attempt(name="D-1", secret="right", client_id=None, host="10.0.0.1", encrypted=False)


def rights(*credentials: Credential, children: tuple[str, ...] = ()) -> DeviceRights:
    """Give a device these credentials."""
    return DeviceRights("D-1", credentials, children)


def test_a_device_speaks_for_itself_and_a_gateway_for_its_children() -> None:
    """Until its credential or its session ends, whichever is sooner."""
    soon = replace(GOOD, expires_at=NOW + timedelta(seconds=5))

    assert decide(ATTEMPT, rights(GOOD), POLICY, NOW) == Grant(
        GOOD, ("D-1",), NOW + timedelta(seconds=600)
    )
    assert decide(ATTEMPT, rights(soon, children=("C-1", "C-2")), POLICY, NOW) == Grant(
        soon, ("D-1", "C-1", "C-2"), soon.expires_at
    )


@pytest.mark.parametrize(
    ("attempt", "known", "why"),
    [
        (ATTEMPT, None, Refusal.UNKNOWN_DEVICE),
        (ATTEMPT, rights(), Refusal.WRONG_SECRET),
        (replace(ATTEMPT, secret=""), rights(GOOD), Refusal.WRONG_SECRET),
        (replace(ATTEMPT, secret="\ud800x"), rights(GOOD), Refusal.WRONG_SECRET),
        (ATTEMPT, rights(replace(GOOD, revoked_at=NOW)), Refusal.REVOKED),
        (ATTEMPT, rights(replace(GOOD, expires_at=NOW)), Refusal.EXPIRED),
        (replace(ATTEMPT, client_id="D-2"), rights(GOOD), Refusal.OTHER_CLIENT_ID),
        (replace(ATTEMPT, client_id=""), rights(GOOD), Refusal.OTHER_CLIENT_ID),
    ],
)
def test_everybody_else_is_refused(
    attempt: Attempt, known: DeviceRights | None, why: Refusal
) -> None:
    """With a reason for the ward's eyes."""
    assert decide(attempt, known, POLICY, NOW) is why


def test_where_mqtt_is_for_tls_only_its_clients_must_speak_it() -> None:
    """Those that speak NATS are not asked for it."""
    plain = replace(ATTEMPT, client_id="D-1")

    def let_in(attempt: Attempt) -> Grant | Refusal:
        return decide(attempt, rights(GOOD), POLICY, NOW, mqtt_tls_only=True)

    assert let_in(plain) is Refusal.NOT_ENCRYPTED
    assert isinstance(let_in(replace(plain, encrypted=True)), Grant)
    assert isinstance(let_in(ATTEMPT), Grant)


def test_a_retired_device_is_refused_though_its_credential_is_good() -> None:
    """Whoever still has the secret is not the device, which was taken down."""
    retired = DeviceRights("D-1", [GOOD], (), retired=True)

    assert decide(ATTEMPT, retired, POLICY, NOW) is Refusal.RETIRED


def test_a_replaced_credential_is_good_for_the_grace_period() -> None:
    """Not longer, and never longer than it would have been; it cannot be replaced twice."""
    other = UUID(int=2)
    replaced = GOOD.replaced(other, timedelta(seconds=60), NOW)

    assert isinstance(decide(ATTEMPT, rights(replaced), POLICY, NOW), Grant)
    later = NOW + timedelta(seconds=60)
    assert decide(ATTEMPT, rights(replaced), POLICY, later) is Refusal.EXPIRED
    assert GOOD.replaced(other, 2 * HOUR, NOW).expires_at == GOOD.expires_at
    for ended in (replaced, replace(GOOD, revoked_at=NOW), replace(GOOD, expires_at=NOW)):
        with pytest.raises(CredentialEndedError):
            ended.replaced(other, HOUR, NOW)


def test_a_credential_lives_no_longer_than_the_policy_allows() -> None:
    """Nor can it end before it begins."""
    last = NOW + timedelta(days=1)

    assert POLICY.end_of_credential(None, NOW) == last
    assert POLICY.end_of_credential(NOW + HOUR, NOW) == NOW + HOUR
    for wrong in (NOW, last + timedelta(seconds=1)):
        with pytest.raises(FieldInvalidError):
            POLICY.end_of_credential(wrong, NOW)


def test_failures_in_a_row_wait_ever_longer_up_to_a_bound() -> None:
    """By name and by host; who did not fail for a while begins anew."""
    slowing = Slowing()
    delays = [slowing.failed(["name D-1", "host 10.0.0.1"], at, POLICY) for at in range(8)]

    assert delays == [0, 0.25, 0.5, 1, 2, 4, 4, 4]
    assert slowing.failed(["name D-2", "host 10.0.0.1"], 8, POLICY) == 4
    assert slowing.failed(["name D-1", "host 10.0.0.2"], 9, POLICY) == 4
    assert slowing.failed(["name D-1", "host 10.0.0.1"], 70, POLICY) == 0


def test_failures_wait_by_the_terms_that_are_in_force() -> None:
    """What was counted under the terms before goes on."""
    slowing, stricter = Slowing(), replace(POLICY, delay_first_s=1, delay_max_s=8)
    waits = [slowing.failed(["name D-1"], at, POLICY) for at in range(3)]

    assert [*waits, slowing.failed(["name D-1"], 3, stricter)] == [0, 0.25, 0.5, 4]


@given(st.lists(st.text(max_size=3), max_size=50), st.integers(1, 10**6))
def test_a_delay_is_never_more_than_its_bound(names: list[str], repeats: int) -> None:
    """Whoever fails how often."""
    slowing = Slowing()
    delays = [
        slowing.failed([name], at, POLICY) for at, name in enumerate(names * min(repeats, 30))
    ]

    assert all(0 <= delay <= POLICY.delay_max_s for delay in delays)


def test_a_flood_of_names_does_not_fill_the_memory() -> None:
    """The oldest are forgotten."""
    slowing = Slowing()
    for number in range(12_000):
        slowing.failed([f"name {number}"], number / 1000, POLICY)

    assert len(slowing) == 10_000


def test_a_token_is_read_back_and_a_changed_one_is_refused() -> None:
    """As is one of another algorithm, and what is no token at all."""
    key = SigningKey.of_bytes(bytes(32))
    token = nats_jwt.encode({"sub": "x", "nats": {"a": [1]}}, key, NOW).encode()
    head, body, signature = token.split(b".")

    claims = nats_jwt.decode(token)
    assert (claims["sub"], claims["iss"], claims["nats"]) == ("x", key.public, {"a": [1]})
    other = nats_jwt.encode({"sub": "y"}, key, NOW).encode().split(b".")
    for wrong in (
        b".".join((head, other[1], signature)),
        b".".join((b"eyJhbGciOiJub25lIn0", body, signature)),
        b".".join((head, body)),
        b".".join((head, body, b"")),
        b"",
        b"\xff.\xff.\xff",
        b"MQ.MQ.MQ",
    ):
        with pytest.raises(nats_jwt.MalformedTokenError):
            nats_jwt.decode(wrong)
