"""The fleet on a real broker."""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from chassis.broker import jetstream
from simulator.__main__ import main
from simulator.fleet import command
from simulator.fleet.fleet import Fleet
from simulator.fleet.holds import SUBJECT, HoldRequest
from simulator.fleet.sensor import Sensor
from simulator.settings import FleetSettings
from simulator.wire import DEDUPLICATION_HEADER
from stack.nats_configuration import SIMULATOR
from stack.nats_server import NatsServer
from ward.fire_safety.v1 import readings_pb2 as pb

pytestmark = pytest.mark.nats

EVERY_SECOND = [Sensor(f"CS0009-D{n:02d}", 1, on_battery=False, conditions=0) for n in range(20)]


@asynccontextmanager
async def running(
    server: NatsServer, sensors: list[Sensor], user: str = SIMULATOR
) -> AsyncGenerator[Fleet]:
    """Run a fleet against the server."""
    settings = FleetSettings(nats_url=server.url_for(user))
    fleet = command.build(settings, sensors)
    tasks = [
        asyncio.create_task(fleet.sender.link.keep_up({SUBJECT: fleet.hold})),
        asyncio.create_task(fleet.run()),
    ]
    yield fleet
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await fleet.sender.link.close()


async def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.05)


async def answered(broker: Client, request: bytes) -> Msg:
    """Ask the fleet until it hears: what it subscribes to takes its time to be known."""
    async with asyncio.timeout(30):
        while True:
            with suppress(NoRespondersError):
                return await broker.request(SUBJECT, request, timeout=20)
            await asyncio.sleep(0.05)


async def times_by_device(broker: Client) -> dict[str, list[int]]:
    """Read the whole stream: the device times, ms, of each device in order of first arrival.

    A message may be there twice, under the same id: one that was stored, and not acknowledged, when
    the broker was killed, is sent again after the stream's 100 ms of remembering ids.
    """
    stream = broker.jetstream()
    count = (await stream.stream_info("READINGS_11002")).state.messages
    consumer = await stream.subscribe(
        "ward.*.device.*.up.*", stream="READINGS_11002", ordered_consumer=True
    )
    times = defaultdict(list)
    seen: dict[str, bytes] = {}
    for _ in range(count):
        message = await consumer.next_msg(timeout=30)
        identity = (message.headers or {})[DEDUPLICATION_HEADER]
        if identity in seen:
            assert seen[identity] == message.data
            continue
        seen[identity] = message.data
        batch = pb.ReadingBatch.FromString(message.data)
        assert message.subject.rpartition(".")[0] == f"ward.11002.device.{batch.device_id}.up"
        times[batch.device_id] += [reading.observed_at_ms for reading in batch.readings]
    await consumer.unsubscribe()
    return times


async def test_every_detector_reports_within_its_interval(
    broker: Client, nats_server: NatsServer
) -> None:
    """Twenty detectors at one second are each heard every second, acknowledged, on their subject."""
    async with running(nats_server, EVERY_SECOND) as fleet:
        await eventually(lambda: fleet.sender.acknowledged >= 20 * 17)
        await eventually(lambda: fleet.sender.kept == 0)

    times = await times_by_device(broker)
    assert set(times) == {sensor.device_id for sensor in EVERY_SECOND}
    for heard in times.values():
        gaps = [later - earlier for earlier, later in pairwise(heard)]
        assert max(gaps) < 1500
        assert sum(gaps) / len(gaps) == pytest.approx(1000, abs=60)


async def test_nothing_is_lost_or_made_anew_when_the_broker_is_killed(
    broker: Client, nats_server: NatsServer
) -> None:
    """After kill -9 and three seconds of darkness every second of every detector is there.

    One reading a second: what is sent again is the same message, which both lanes know by device and time.
    """
    async with running(nats_server, EVERY_SECOND) as fleet:
        await eventually(lambda: fleet.sender.acknowledged >= 20 * 14)
        await asyncio.to_thread(nats_server.kill)
        await eventually(lambda: fleet.sender.kept >= 60)
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: fleet.sender.acknowledged >= 20 * 19)
        await eventually(lambda: fleet.sender.kept == 0)

    await eventually(lambda: broker.is_connected)
    for heard in (await times_by_device(broker)).values():
        gaps = [later - earlier for earlier, later in pairwise(heard)]
        assert min(gaps) > 500
        assert max(gaps) < 1500


async def test_it_starts_without_a_broker_and_without_a_stream(nats_server: NatsServer) -> None:
    """Readings wait until there is somebody to acknowledge them."""
    nats_server.kill()
    async with running(nats_server, EVERY_SECOND) as fleet:
        await eventually(lambda: fleet.sender.kept >= 20)
        await asyncio.to_thread(nats_server.start)
        await eventually(lambda: fleet.sender.sent >= 20)
        assert fleet.sender.acknowledged == 0

        client = await jetstream.connect(nats_server.url, "tests")
        await jetstream.ensure_streams(client.jetstream(), "11002")

        await eventually(lambda: fleet.sender.acknowledged >= 20)
    await client.close()


async def test_a_held_detector_is_silent_for_its_lease(
    broker: Client, nats_server: NatsServer
) -> None:
    """The fleet answers which detectors it holds; these say nothing till the lease ends."""
    held = EVERY_SECOND[0].device_id
    async with running(nats_server, EVERY_SECOND[:2]) as fleet:
        await eventually(lambda: fleet.sender.acknowledged >= 2 * 14)
        request = HoldRequest((held, "CS9999-D01"), 4)
        asked = time.time() * 1000
        answer = await answered(broker, request.encode())
        held_by = time.time() * 1000
        await asyncio.sleep(7)

    times = await times_by_device(broker)
    # Whether it is held is asked as a reading is sent, which on a busy machine is after its time.
    told_again = asked + 3000
    assert answer.data == b'{"held": ["%s"]}' % held.encode()
    silence = [at for at in times[held] if held_by < at < told_again]
    assert silence == []
    assert any(at > told_again for at in times[held])
    assert any(asked < at < told_again for at in times[EVERY_SECOND[1].device_id])


async def test_a_hold_that_makes_no_sense_is_answered_in_words(
    broker: Client, nats_server: NatsServer
) -> None:
    """The requester learns what was expected."""
    async with running(nats_server, EVERY_SECOND[:1]) as fleet:
        await eventually(lambda: fleet.sender.link.up)
        answer = await answered(broker, b"be quiet")

    assert b"device_ids" in answer.data


async def test_sigterm_ends_the_command(nats_server: NatsServer, small_ward: Path) -> None:
    """The process says good-bye and ends with 0."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "fleet", "--ward", str(small_ward)),
        env={"NATS_URL": nats_server.url_for(SIMULATOR)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    await process.stdout.readuntil(b"broker_connected")

    process.terminate()

    assert await asyncio.wait_for(process.wait(), 30) == 0
    assert b"fleet_stopped" in await process.stdout.read()


def test_a_ward_that_is_not_there_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is 1 and the sentence names the command that helps."""
    assert main(["fleet", "--ward", str(tmp_path)]) == 1
    assert "simulator generate" in capsys.readouterr().err


def test_a_ward_code_that_is_none_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is part of subjects: a wildcard would be everybody's."""
    monkeypatch.setenv("WARD_CODE", "*")
    with pytest.raises(SystemExit, match="WARD_CODE: cần 5 chữ số"):
        main(["fleet"])
