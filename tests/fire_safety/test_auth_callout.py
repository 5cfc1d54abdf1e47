"""Devices at the gate: a real broker asks the running service who may sign in, over NATS and MQTT."""

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from uuid import UUID

import aiomqtt
import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import text

from chassis.clock import Clock, utc_now
from chassis.context import Identity, identity
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from fire_safety import app
from fire_safety.domain.devices.device import DeviceKind
from fire_safety.domain.devices.registration import MAX_REPORTING, Outcome, whole
from fire_safety.operations.credentials import Asked, CredentialOperations
from fire_safety.operations.devices import DeviceOperations, ImportOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.settings import Settings
from stack.nats_configuration import DEVICE_PAYLOAD, DEVICE_SUBSCRIPTIONS, GATEKEEPER
from stack.nats_server import NatsServer
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.events import alarm_events, until_all_told
from tests.fire_safety.field import (
    alarm_raised,
    alarms_of,
    now_ms,
    recorded,
    subject_of,
    until,
    until_recorded,
    written,
)
from tests.fire_safety.plain_client import PlainClient
from tests.fire_safety.samples import APARTMENTS, PLACED, UNPLACED, register
from tests.fixtures.barrier import taken_in
from ward.fire_safety.v1 import readings_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

DEVICE, OTHER = PLACED.device_id, UNPLACED.device_id
GATEWAY = replace(UNPLACED, device_id="GW-1", kind=DeviceKind.GATEWAY)
_secrets = count(1)
_SHORTER_SESSIONS = """
    insert into sign_in_policies (version, effective_from, source, credential_life_s, rotation_grace_s, session_s,
      delay_first_s, delay_max_s, failures_remembered_s, max_connections)
    select version + 1, now(), 'a test', credential_life_s, rotation_grace_s, 2,
      delay_first_s, delay_max_s, failures_remembered_s, max_connections
    from sign_in_policies order by version desc limit 1
"""


@dataclass
class Gate:
    """A broker with MQTT, a register with a gateway, and credentials made as people have them made."""

    server: NatsServer
    settings: Settings
    database: Database

    @property
    def credentials(self) -> CredentialOperations:
        """What people do with credentials."""
        return CredentialOperations(self.database, utc_now, lambda: f"secret-{next(_secrets)}")

    async def issue(self, device_id: str = DEVICE, **life: float) -> tuple[str, str]:
        """Have a credential made; tell its id and its secret."""
        until_ = utc_now() + timedelta(**life) if life else None
        issued = await self.credentials.issue(device_id, until_, asked())
        return str(issued.credential.credential_id), issued.secret

    async def nats(self, name: str, secret: str) -> Client:
        """Connect as a device that is let in, over NATS."""
        return await nats.connect(
            f"nats://127.0.0.1:{self.server.port}",
            user=name,
            password=secret,
            inbox_prefix=f"_INBOX_{name}",
            allow_reconnect=False,
            connect_timeout=10,
            error_cb=_ignore,
        )

    async def plain(self, name: str, secret: str) -> PlainClient:
        """Try to connect as a device over NATS."""
        return await PlainClient.connect(self.server.port, name, secret)

    async def refuses(self, name: str, secret: str) -> bool:
        """Tell whether a NATS client is turned away."""
        client = await self.plain(name, secret)
        if client.let_in:
            await client.close()
        return not client.let_in

    def mqtt(
        self,
        name: str,
        secret: str,
        client_id: str = "",
        trust: ssl.SSLContext | None = None,
    ) -> aiomqtt.Client:
        """Make a stock MQTT 3.1.1 client of a device."""
        assert self.server.mqtt_port
        return aiomqtt.Client(
            "127.0.0.1",
            self.server.mqtt_port,
            username=name,
            password=secret,
            identifier=client_id or name,
            protocol=aiomqtt.ProtocolVersion.V311,
            timeout=15,
            tls_context=trust,
        )


async def _ignore(_error: Exception) -> None:
    """Refusals are what these tests look for."""


def asked() -> Asked:
    """Identify a request that nobody made before."""
    return Asked(f"request-{next(_secrets):06}", b"")


def topic_of(device_id: str) -> str:
    """Tell where a device publishes over MQTT."""
    return subject_of(device_id).replace(".", "/")


def reading(device_id: str, at_ms: int, density: float = 0.002) -> bytes:
    """Write a message with one reading."""
    batch = pb.ReadingBatch(device_id=device_id, readings=[written(at_ms, density)])
    return batch.SerializeToString()


@asynccontextmanager
async def running(settings: Settings, clock: Clock = utc_now) -> AsyncGenerator[None]:
    """Run the service."""
    async with Lifecycle() as life:
        await app.start(life, settings, clock)
        yield


@pytest.fixture
async def closed_gate(
    scratch: Path, make_settings: MakeSettings, database: Database
) -> AsyncGenerator[Gate]:
    """Run a broker whose gate nobody keeps yet; people's acts here are an administrator's."""
    identity.set(Identity("administrator", frozenset(), ""))
    await RegisterOperations(database, utc_now, "11002").enter(register(GATEWAY))
    server = NatsServer(scratch / f"gate-{time.monotonic_ns()}", mqtt_port=0)
    server.start()
    settings = make_settings(server.url).model_copy(
        update={
            "nats_gatekeeper_url": SecretStr(server.url_for(GATEKEEPER)),
            "nats_signing_seed": SecretStr(server.signing_key.seed),
            "nats_curve_seed": SecretStr(server.curve_key.seed),
        }
    )
    yield Gate(server, settings, database)
    server.stop()


@pytest.fixture
async def gate(closed_gate: Gate) -> AsyncGenerator[Gate]:
    """Have the service keep the gate."""
    async with running(closed_gate.settings):
        yield closed_gate


async def let_in_mqtt(client: aiomqtt.Client) -> bool:
    """Tell whether an MQTT client is let in."""
    try:
        async with client:
            return True
    except aiomqtt.MqttError:
        return False


async def test_where_mqtt_is_for_tls_only_nobody_is_let_in_without(closed_gate: Gate) -> None:
    """The broker takes both on that port, since it takes both on the port of NATS."""
    gate = replace(
        closed_gate, server=NatsServer(closed_gate.server.run_dir, mqtt_port=0, mqtt_tls=True)
    )
    closed_gate.server.stop()
    gate.server.start()
    keeps = gate.settings.model_copy(
        update={
            "nats_url": SecretStr(gate.server.url),
            "nats_gatekeeper_url": SecretStr(gate.server.url_for(GATEKEEPER)),
            "mqtt_tls_only": True,
        }
    )
    trust = ssl.create_default_context(cafile=gate.server.certificates.authority_file)
    async with running(keeps):
        _, secret = await gate.issue()
        refused = _sign_ins("not_encrypted")

        assert await let_in_mqtt(gate.mqtt(DEVICE, secret, trust=trust))
        assert not await let_in_mqtt(gate.mqtt(DEVICE, secret))
        assert _sign_ins("not_encrypted") == refused + 1
        device = await gate.nats(DEVICE, secret)
        await device.close()
    gate.server.stop()


def _sign_ins(outcome: str) -> float:
    """Read how many sign-ins ended so."""
    return REGISTRY.get_sample_value("ward_device_sign_ins_total", {"outcome": outcome}) or 0


# ---------------------------------------------------------------- what a device may do


async def test_a_device_publishes_durably_over_nats(gate: Gate) -> None:
    """With its own secret, on its own subject, acknowledged on an inbox of its own."""
    _, secret = await gate.issue()
    device = await gate.nats(DEVICE, secret)

    ack = await device.jetstream(timeout=30).publish(subject_of(DEVICE), reading(DEVICE, now_ms()))

    assert ack.stream == "READINGS_11002"
    await until_recorded(gate.database, 1)
    await device.close()


async def test_a_device_can_neither_speak_nor_listen_as_another(gate: Gate) -> None:
    """What it forges reaches nobody; it hears its own commands and nobody else's."""
    _, secret = await gate.issue()
    refusals: asyncio.Queue[str] = asyncio.Queue()
    device = await gate.nats(DEVICE, secret)
    device._error_cb = lambda error: refusals.put(str(error))  # noqa: SLF001 - to hear refusals
    services = await nats.connect(gate.server.url)
    overheard = await services.subscribe(">")
    await taken_in(services)
    heard = await device.subscribe(f"ward.11002.device.{DEVICE}.down")

    for forged in (subject_of(OTHER), "ward.fire_safety.v1.AlarmReset", "$JS.API.INFO", "dead.x"):
        await device.publish(forged, b"forged")
    for listened in (">", "ward.>", f"ward.11002.device.{OTHER}.down", "_INBOX.>", "$MQTT.sub.>"):
        await device.subscribe(listened)
    await taken_in(device)
    await services.publish(f"ward.11002.device.{DEVICE}.down", b"command")
    await taken_in(services)

    assert (await heard.next_msg(20)).data == b"command"
    said = [(await asyncio.wait_for(refusals.get(), 20)).lower() for _ in range(9)]
    assert sum("violation for publish" in one for one in said) == 4
    assert sum("violation for subscription" in one for one in said) == 5
    arrived = [overheard._pending_queue.get_nowait().data for _ in range(overheard.pending_msgs)]  # noqa: SLF001
    assert b"forged" not in arrived
    await services.close()
    await device.close()


async def test_an_acknowledgement_goes_to_nobody_but_the_device(gate: Gate) -> None:
    """Whatever subject a device names for it: no event, no command, nothing of the broker's own comes of that."""
    _, secret = await gate.issue()
    device = await gate.nats(DEVICE, secret)
    services = await nats.connect(gate.server.url)
    overheard = [
        await services.subscribe(subject)
        for subject in ("ward.fire_safety.>", "dead.>", "$MQTT.>", "$JS.API.STREAM.PURGE.>")
    ]
    overheard.append(await services.subscribe("ward.*.device.*.down"))
    await taken_in(services)

    for named in (
        "ward.fire_safety.v1.AlarmRaised",
        "dead.x",
        "$MQTT.sess.abcdefgh",
        "$JS.API.STREAM.PURGE.READINGS_11002",
        f"ward.11002.device.{OTHER}.down",
    ):
        await device.publish(subject_of(DEVICE), reading(DEVICE, now_ms()), reply=named)
    ack = await device.jetstream(timeout=30).publish(subject_of(DEVICE), reading(DEVICE, now_ms()))
    await until_recorded(gate.database, 1)
    await taken_in(services)

    assert ack.seq == 6
    assert [one.pending_msgs for one in overheard] == [0, 0, 0, 0, 0]
    await services.close()
    await device.close()


async def test_a_reading_over_mqtt_counts_once(gate: Gate) -> None:
    """With QoS 0, 1 and 2 alike, retained or not; on another device's topic it reaches nobody."""
    _, secret = await gate.issue()
    at = now_ms()
    async with gate.mqtt(DEVICE, secret) as device:
        await device.publish(topic_of(OTHER), reading(OTHER, at), qos=1)
        for qos in (0, 1, 2):
            await device.publish(topic_of(DEVICE), reading(DEVICE, at + qos), qos=qos)
        await device.publish(topic_of(DEVICE), reading(DEVICE, at + 3), qos=1, retain=True)
        rows = await until_recorded(gate.database, 4)

    services = await nats.connect(gate.server.url)
    stored = (await services.jetstream().stream_info("READINGS_11002")).state.messages
    unreleased = await services.jetstream().stream_info("$MQTT_qos2in")
    brokers_own = [
        one.config
        for one in await services.jetstream().streams_info()
        if (one.config.name or "").startswith("$MQTT")
    ]
    await services.close()
    assert len(rows) == 4
    # What was published with QoS 1 and 2 is there twice, and the lanes take one of the two.
    assert stored == 7
    assert await recorded(gate.database, OTHER) == []
    # Released, so nothing is kept; and what is not released can never fill the disk.
    assert unreleased.state.messages == 0
    assert len(brokers_own) == 5
    assert all((one.max_bytes or 0) > 0 for one in brokers_own)


async def test_an_mqtt_device_gets_its_commands_and_no_others(gate: Gate) -> None:
    """With QoS 1; subscriptions beyond its own are refused, those to the broker's internals too."""
    _, secret = await gate.issue()
    services = await nats.connect(gate.server.url)
    async with gate.mqtt(DEVICE, secret) as device:
        own = await device.subscribe(topic_of(DEVICE).replace("/up", "/down"), qos=1)
        answers = [
            await device.subscribe(topic, qos=1)
            for topic in ("#", "$MQTT/sub/#", topic_of(OTHER).replace("/up", "/down"))
        ]
        await services.publish(f"ward.11002.device.{DEVICE}.down", b"command")
        message = await asyncio.wait_for(anext(aiter(device.messages)), 30)

    assert not own[0].is_failure
    assert all(answer[0].is_failure for answer in answers)
    assert message.payload == b"command"
    await services.close()


async def test_what_a_hostile_client_says_is_bounded(gate: Gate) -> None:
    """Its account bounds a message and how many subscriptions a connection has; others notice nothing."""
    _, secret = await gate.issue()
    _, other = await gate.issue(OTHER)
    device, bystander = await gate.plain(DEVICE, secret), await gate.plain(OTHER, other)
    own, beyond = f"ward.11002.device.{DEVICE}.down", 20
    subscribing = "\r\n".join(f"SUB {own} {n}" for n in range(DEVICE_SUBSCRIPTIONS + beyond))

    assert await device.say(subscribing) == ["-ERR 'maximum subscriptions exceeded'"] * beyond
    whole = b"x" * DEVICE_PAYLOAD
    assert await device.say(f"PUB {subject_of(DEVICE)} {len(whole)}", whole) == []
    too_long = f"PUB {subject_of(DEVICE)} {len(whole) + 1}"
    assert await device.last_word(too_long) == ["-ERR 'Maximum Payload Violation'"]
    assert not await device.is_in()
    assert await bystander.is_in()
    await device.close()
    await bystander.close()


async def test_a_gateway_of_as_many_devices_as_may_be_hears_commands_to_each(gate: Gate) -> None:
    """Within the subscriptions that the account gives a connection, its own and its inbox's included."""
    children = [f"CHILD-{n:03}" for n in range(MAX_REPORTING)]
    importing = ImportOperations(gate.database, utc_now)
    for some in (children, ["ONE-MORE"]):
        entries = [whole(replace(UNPLACED, device_id=one, gateway_id="GW-1")) for one in some]
        verdicts, _ = await importing.enter(
            entries, dry_run=False, allowed_only=False, progress=lambda _done, _all: None
        )
        assert (verdicts[-1].outcome is Outcome.REFUSED) == (some != children)
    _, secret = await gate.issue("GW-1")
    gateway = await gate.plain("GW-1", secret)
    heard = [f"ward.11002.device.{one}.down" for one in ("GW-1", *children)] + ["_INBOX_GW-1.>"]

    assert await gateway.say("\r\n".join(f"SUB {one} {n}" for n, one in enumerate(heard))) == []
    spoken = f"PUB {subject_of(children[-1])} 1"
    assert await gateway.say(spoken, b"x") == []
    await gateway.close()


async def test_what_a_hostile_mqtt_client_says_is_bounded(gate: Gate) -> None:
    """A message larger than the broker takes of anybody ends the connection; the device itself comes back."""
    _, secret = await gate.issue()
    with pytest.raises(aiomqtt.MqttError):
        async with gate.mqtt(DEVICE, secret) as device:
            await device.publish(topic_of(DEVICE), b"x" * (2 * 1024**2 + 1), qos=1, timeout=5)
    async with gate.mqtt(DEVICE, secret) as device:
        await device.publish(topic_of(DEVICE), reading(DEVICE, now_ms()), qos=1)

    await until_recorded(gate.database, 1)


async def test_new_terms_hold_from_when_they_are_in_force(gate: Gate, owner: Database) -> None:
    """For whoever signs in then: nobody has to start the service anew."""
    _, secret = await gate.issue()
    before = await gate.plain(DEVICE, secret)
    async with owner.transaction() as tx:
        await tx.execute(text(_SHORTER_SESSIONS))
    after = await gate.plain(DEVICE, secret)

    await asyncio.wait_for(after.thrown_out(), 30)
    assert await before.is_in()
    await before.close()


async def test_a_gateway_speaks_for_its_children_and_for_nobody_else(gate: Gate) -> None:
    """When a child is given to it, it is disconnected, comes back, and may speak for that one too."""
    _, secret = await gate.issue(GATEWAY.device_id)
    waiting = await gate.plain(GATEWAY.device_id, secret)
    gateway = await gate.nats(GATEWAY.device_id, secret)
    with pytest.raises(NatsError):
        await gateway.jetstream().publish(subject_of(OTHER), b"not mine", timeout=1)
    await gateway.close()

    async with gate.database.transaction() as tx:
        await tx.execute(
            text("update devices set gateway_id = :gateway where device_id = :child"),
            {"gateway": GATEWAY.device_id, "child": OTHER},
        )

    await waiting.thrown_out()
    gateway = await gate.nats(GATEWAY.device_id, secret)
    await gateway.jetstream(timeout=30).publish(subject_of(OTHER), reading(OTHER, now_ms()))
    with pytest.raises(NatsError):
        await gateway.jetstream().publish(subject_of(DEVICE), b"not mine", timeout=1)
    await until_recorded(gate.database, 1, OTHER)
    await gateway.close()


# ---------------------------------------------------------------- who is not let in


async def test_a_wrong_secret_waits_and_a_right_one_does_not(gate: Gate) -> None:
    """So that a device cannot be locked out by somebody who guesses; the audit tells of the guesses once."""
    _, secret = await gate.issue()
    began = time.monotonic()
    for _ in range(3):
        assert await gate.refuses(DEVICE, "guess")
    slowed = time.monotonic() - began
    guesses = [asyncio.create_task(gate.refuses(DEVICE, "guess")) for _ in range(5)]

    assert not await gate.refuses(DEVICE, secret)
    assert not all(guess.done() for guess in guesses)
    assert slowed > 0.25 + 0.5
    assert all(await asyncio.gather(*guesses))
    async with gate.database.transaction() as tx:
        actions = (await tx.scalars(text("select action from credential_audit"))).all()
    assert sorted(set(actions)) == ["ISSUED", "REFUSED", "SIGNED_IN"]
    assert actions.count("REFUSED") <= 2


async def test_of_many_that_sign_in_at_once_each_is_let_in_at_its_first_attempt(
    gate: Gate,
) -> None:
    """After an outage all come at once, while the broker may still hold connections of before: nobody is refused."""
    names = [f"S-{n}" for n in range(80)]
    devices = [replace(UNPLACED, device_id=name) for name in names]
    await RegisterOperations(gate.database, utc_now, "11002").enter(register(GATEWAY, *devices))
    secrets = {name: (await gate.issue(name))[1] for name in names}
    clients = await asyncio.gather(*(gate.plain(name, secrets[name]) for name in 2 * names))

    assert all(one.let_in for one in clients)
    async with gate.database.transaction() as tx:
        statement = "select distinct action from credential_audit order by action"
        assert (await tx.scalars(text(statement))).all() == ["ISSUED", "SIGNED_IN"]
    for one in clients:
        await one.close()


async def test_strangers_are_not_let_in(gate: Gate) -> None:
    """Whatever they call themselves; the gate goes on."""
    _, secret = await gate.issue()

    names = ("nobody", "", "a b", "*", ">", "\0", "\ud800", "ы", "x" * 300)
    assert all(await asyncio.gather(*(gate.refuses(name, secret) for name in names)))
    assert not await gate.refuses(DEVICE, secret)


async def test_an_mqtt_client_id_is_the_devices_own(gate: Gate) -> None:
    """Under another's, it would take over that one's session."""
    _, secret = await gate.issue()

    assert not await let_in_mqtt(gate.mqtt(DEVICE, secret, OTHER))
    assert not await let_in_mqtt(gate.mqtt(DEVICE, "guess"))
    assert await let_in_mqtt(gate.mqtt(DEVICE, secret))


async def test_nobody_is_let_in_while_nobody_keeps_the_gate(closed_gate: Gate) -> None:
    """But the services, whom the broker knows itself; and who is in stays when the service stops."""
    _, secret = await closed_gate.issue()
    assert await closed_gate.refuses(DEVICE, secret)
    async with running(closed_gate.settings):
        device = await closed_gate.nats(DEVICE, secret)

    await device.jetstream(timeout=30).publish(subject_of(DEVICE), reading(DEVICE, now_ms()))
    await device.close()


# ---------------------------------------------------------------- the end of rights


async def test_a_revoked_device_is_disconnected_and_does_not_come_back(gate: Gate) -> None:
    """Within seconds, over NATS and MQTT."""
    credential_id, secret = await gate.issue()
    async with AsyncExitStack() as stack:
        over_nats = await gate.plain(DEVICE, secret)
        over_mqtt = await stack.enter_async_context(gate.mqtt(DEVICE, secret))

        await gate.credentials.revoke(UUID(credential_id), asked())

        with pytest.raises(aiomqtt.MqttError):
            await asyncio.wait_for(anext(aiter(over_mqtt.messages)), 30)
        await over_nats.thrown_out()
        assert await gate.refuses(DEVICE, secret)
        assert not await let_in_mqtt(gate.mqtt(DEVICE, secret))
        with pytest.raises(aiomqtt.MqttError):
            await over_mqtt.publish(topic_of(DEVICE), b"x", qos=1)
        stack.pop_all()


async def test_a_retired_device_is_disconnected_and_does_not_come_back(
    gate: Gate, relay: Relay
) -> None:
    """Within seconds; its credentials ended with its service."""
    _, secret = await gate.issue()
    device = await gate.plain(DEVICE, secret)
    assert device.let_in

    await DeviceOperations(gate.database, relay, utc_now).retire(DEVICE, "", "retire-0001", b"")

    await asyncio.wait_for(device.thrown_out(), 30)
    assert await gate.refuses(DEVICE, secret)


async def test_a_device_is_connected_three_times_at_most(gate: Gate) -> None:
    """The oldest give way, so that a stolen secret cannot keep the device itself out; the audit tells of it."""
    _, secret = await gate.issue()
    _, other = await gate.issue(OTHER)
    clients = [await gate.plain(DEVICE, secret) for _ in range(5)]
    bystander = await gate.plain(OTHER, other)

    for one in clients[:2]:
        await asyncio.wait_for(one.thrown_out(), 30)
    for one in (*clients[2:], bystander):
        assert await one.is_in()
        await one.close()

    async def told() -> bool:
        async with gate.database.transaction() as tx:
            statement = "select device_id from credential_audit where action = 'CROWDED'"
            return (await tx.scalars(text(statement))).all() == [DEVICE]

    assert await until(told)


async def test_a_clock_that_was_ahead_neither_shuts_devices_out_nor_keeps_them_in(
    closed_gate: Gate,
) -> None:
    """The broker's clock may be another than the service's, which may be set back by a day."""
    ahead = timedelta(days=1)
    credential_id, secret = await closed_gate.issue()
    async with running(closed_gate.settings, lambda: utc_now() + ahead):
        device = await closed_gate.plain(DEVICE, secret)
        assert device.let_in
        await asyncio.sleep(1.2)  # for the service to look for changes by that clock
        ahead = timedelta(0)
        await asyncio.sleep(1.2)
        await closed_gate.credentials.revoke(UUID(credential_id), asked())

        await asyncio.wait_for(device.thrown_out(), 30)


async def test_a_revocation_while_the_service_was_away_is_made_good(closed_gate: Gate) -> None:
    """Whoever is still connected when it comes back is disconnected."""
    credential_id, secret = await closed_gate.issue()
    async with running(closed_gate.settings):
        device = await closed_gate.plain(DEVICE, secret)
    await closed_gate.credentials.revoke(UUID(credential_id), asked())
    assert await device.is_in()

    async with running(closed_gate.settings):
        await device.thrown_out()


async def test_an_expired_credential_ends_its_connections(gate: Gate) -> None:
    """By the broker's own clock, which counts whole seconds: it may be early by a part of one."""
    _, secret = await gate.issue(seconds=8)
    device = await gate.plain(DEVICE, secret)
    assert device.let_in

    await device.thrown_out()
    await until(lambda: gate.refuses(DEVICE, secret))


async def test_both_secrets_are_good_while_a_device_is_changed_over(gate: Gate) -> None:
    """From the rotation to the end of the grace period nobody is disconnected."""
    credential_id, old = await gate.issue()
    before = await gate.plain(DEVICE, old)
    rotated = await gate.credentials.rotate(UUID(credential_id), None, asked())
    after = await gate.plain(DEVICE, rotated.secret)
    again = await gate.plain(DEVICE, old)

    # A change that is looked at in the meantime: who has nothing to do with it stays.
    other_id, other = await gate.issue(OTHER)
    revoked = await gate.plain(OTHER, other)
    await gate.credentials.revoke(UUID(other_id), asked())
    await revoked.thrown_out()
    for one in (before, after, again):
        assert await one.is_in()
        await one.close()


def _holds(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return condition()

    return ask


# ---------------------------------------------------------------- nothing is lost


@pytest.mark.timeout(300)
async def test_what_mqtt_acknowledged_survives_kill_minus_nine(gate: Gate) -> None:
    """Devices in smoke publish with QoS 1, again what was not acknowledged, while the broker is killed twice.

    Each acknowledged reading is recorded, and none twice; each fire is one alarm, told once.
    """
    names = [DEVICE, OTHER, GATEWAY.device_id]
    secrets = {name: (await gate.issue(name))[1] for name in names}
    acknowledged: dict[str, set[int]] = {name: set() for name in names}
    enough = asyncio.Event()
    times = count(now_ms() - 6 * 3600_000, 1000)

    async def send(name: str) -> None:
        at = next(times)
        while not enough.is_set():
            try:
                async with gate.mqtt(name, secrets[name]) as device:
                    while not enough.is_set():
                        smoke = reading(name, at, 0.1)
                        await device.publish(topic_of(name), smoke, qos=1, timeout=3)
                        acknowledged[name].add(at)
                        at = next(times)
            except aiomqtt.MqttError:
                await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as senders:
        for name in names:
            senders.create_task(send(name))
        for _ in range(2):
            await asyncio.sleep(1.5)
            gate.server.kill()
            gate.server.start()
        sent = {name: len(done) for name, done in acknowledged.items()}
        await until(_holds(lambda: all(len(acknowledged[n]) > sent[n] + 20 for n in names)))
        enough.set()

    async def all_recorded() -> bool:
        for name in names:
            stored = [
                round(row.observed_at.timestamp() * 1000)
                for row in await recorded(gate.database, name)
            ]
            assert len(stored) == len(set(stored))
            if acknowledged[name] - set(stored):
                return False
        return True

    assert sum(map(len, acknowledged.values())) > 60
    await until(all_recorded)
    for name in names:
        await alarm_raised(gate.database, name)
    await until_all_told(gate.database)
    alarms = await alarms_of(gate.database)
    broker = await nats.connect(gate.server.url)
    told = [one.alarm for one in await alarm_events(broker) if one.name == "AlarmRaised"]
    await broker.close()
    assert sorted(one.device_id for one in alarms) == sorted(names)
    assert sorted(one.alarm_id for one in told) == sorted(str(one.alarm_id) for one in alarms)


@pytest.mark.parametrize(
    ("device_id", "premises_id"), [(DEVICE, APARTMENTS.premises_id), (OTHER, "")]
)
async def test_smoke_over_mqtt_raises_an_alarm(
    gate: Gate, device_id: str, premises_id: str
) -> None:
    """Through the gate, the broker's own keeping, the stream and the detector; of a device not placed yet too."""
    _, secret = await gate.issue(device_id)
    at = now_ms() - 30_000
    async with gate.mqtt(device_id, secret) as device:
        for step in range(15):
            smoke = reading(device_id, at + step * 2000, 0.1)
            await device.publish(topic_of(device_id), smoke, qos=1)

    alarm = await alarm_raised(gate.database, device_id)
    assert (alarm.device_known, alarm.premises_id) == (True, premises_id)
