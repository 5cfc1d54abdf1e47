"""A device of the shop, from its credential to the open incident: stock MQTT, SenML, real servers, HTTP only."""

import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiomqtt
import asyncpg
import nats
import pytest
import pytest_asyncio

from stack.issuer import Role
from stack.supervisor import Stack
from tests.fixtures.barrier import taken_in
from tests.system.officer import Officer

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]


@pytest_asyncio.fixture(loop_scope="session")
async def administrator(ward: Stack) -> AsyncGenerator[Officer]:
    """Sign an administrator in at the gateway."""
    async with Officer(ward.installation, Role.ADMINISTRATOR) as signed_in:
        yield signed_in


def mqtt(ward: Stack, device_id: str, secret: str) -> aiomqtt.Client:
    """Make a stock MQTT 3.1.1 client of a device."""
    return aiomqtt.Client(
        "127.0.0.1",
        ward.installation.ports.mqtt_port,
        username=device_id,
        password=secret,
        identifier=device_id,
        protocol=aiomqtt.ProtocolVersion.V311,
        timeout=15,
    )


def topic_of(device_id: str) -> str:
    """Tell where a device publishes."""
    return f"ward/11002/device/{device_id}/up"


def senml(device_id: str, at_s: float) -> bytes:
    """Write smoke as SenML (RFC 8428)."""
    pack: list[dict[str, Any]] = [
        {"bn": f"{device_id}/", "bt": at_s, "n": "smoke", "u": "1/m", "v": 0.2},
        {"n": "temperature", "u": "Cel", "v": 24.5},
    ]
    return json.dumps(pack).encode()


async def let_write_senml(ward: Stack, *device_ids: str) -> None:
    """Enter on the register that devices write SenML."""
    address = ward.installation.postgres.url("fire_safety", "fire_safety_app")
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        await connection.execute(
            "update devices set payload_format = 'SENML_JSON', protocol = 'MQTT',"
            " changed_at = now() where device_id = any($1)",
            list(device_ids),
        )
    finally:
        await connection.close()


def smoulders(device: aiomqtt.Client, device_id: str) -> Callable[[], Awaitable[None]]:
    """Have a device report smoke, two seconds of its own clock further at each call."""
    at_s = time.time() - 240

    async def report() -> None:
        nonlocal at_s
        at_s += 2
        await device.publish(topic_of(device_id), senml(device_id, at_s), qos=1)

    return report


async def test_a_devices_smoke_over_mqtt_opens_an_incident_until_it_is_revoked(
    ward: Stack, officer: Officer, administrator: Officer
) -> None:
    """In another device's name nothing arrives; once revoked it is disconnected and does not come back."""
    premises_id = (await officer.premises(8))["premisesId"]
    device_id, other_id = (await officer.devices(premises_id))[-2:]
    await let_write_senml(ward, device_id, other_id)
    issued = await administrator.post(f"/v1/devices/{device_id}/credentials")
    secret = issued["secret"]

    async with AsyncExitStack() as stack:
        device = await stack.enter_async_context(mqtt(ward, device_id, secret))
        own = smoulders(device, device_id)

        async def alarms() -> list[dict[str, Any]]:
            await own()
            await device.publish(topic_of(other_id), senml(other_id, time.time()), qos=1)
            return await officer.open_alarms(device_id)

        async def incident_of_it() -> bool:
            incidents = await officer.open_incidents(premises_id)
            return any(alarm["alarmId"] in one["alarmIds"] for one in incidents)

        (alarm,) = await officer.until(alarms)
        await officer.until(incident_of_it)
        assert await officer.open_alarms(other_id) == []

        credential_id = issued["credential"]["credentialId"]
        began = time.monotonic()
        await administrator.post(f"/v1/credentials/{credential_id}:revoke")
        with pytest.raises(aiomqtt.MqttError):
            async for _ in device.messages:
                pass
        assert time.monotonic() - began < 30
        stack.pop_all()

    with pytest.raises(aiomqtt.MqttError):
        async with mqtt(ward, device_id, secret):
            pass

    # Refusals are entered together, a moment after they were told.
    async def audited() -> set[str]:
        told = await administrator.get("/v1/credential-audit", deviceId=device_id)
        actions = {one["action"].removeprefix("CREDENTIAL_ACTION_") for one in told["entries"]}
        return actions if "REFUSED" in actions else set()

    assert await officer.until(audited) == {"ISSUED", "SIGNED_IN", "REVOKED", "REFUSED"}


async def test_nothing_of_another_device_arrives(ward: Stack, administrator: Officer) -> None:
    """A whole stream of another's readings leaves no trace in the stream of readings."""
    issued = await administrator.post("/v1/devices/CS0001-D01/credentials")
    services = await nats.connect(ward.installation.nats.url)
    forged = await services.subscribe("ward.11002.device.CS0001-D02.up")
    own = await services.subscribe("ward.11002.device.CS0001-D01.up")
    await taken_in(services)

    async with mqtt(ward, "CS0001-D01", issued["secret"]) as device:
        for _ in range(20):
            await device.publish(topic_of("CS0001-D02"), b"forged", qos=1)
        await device.publish(topic_of("CS0001-D01"), b"own", qos=1)

    assert (await own.next_msg(10)).data == b"own"
    assert forged.pending_msgs == 0
    await services.close()
