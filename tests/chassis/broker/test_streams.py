"""The platform's streams, on a real NATS server."""

import asyncio
from pathlib import Path

import pytest
from nats.js.api import StreamConfig
from structlog.testing import capture_logs

from chassis.broker import jetstream
from chassis.errors import BrokerUnavailableError
from chassis.telemetry import metrics
from stack.nats_server import NatsServer
from stack.ports import free_ports

pytestmark = pytest.mark.nats

# Of two connections: one that is lost, one that is made while the broker is away.
_TOLD = [
    ("first", "broker_disconnected"),
    ("first", "broker_reconnected"),
    ("second", "broker_reconnected"),
    ("second", "broker_unreachable"),
]


async def test_subjects_that_another_stream_holds_are_told_once_and_waited_for(
    nats_server: NatsServer,
) -> None:
    """In Vietnamese and English, with what to do; when that is done, the stream is made."""
    client = await jetstream.connect(nats_server.url, "tests")
    stream = client.jetstream()
    await stream.add_stream(StreamConfig(name="READINGS", subjects=["ward.*.device.*.up"]))
    with capture_logs() as logs:
        ensuring = asyncio.create_task(jetstream.ensure_streams(stream, "11002"))
        # Longer than a second try takes.
        await asyncio.sleep(1.2)
        assert not ensuring.done()
        await stream.delete_stream("READINGS")
        await asyncio.wait_for(ensuring, 30)

    (told,) = [one for one in logs if one["log_level"] in {"warning", "error"}]
    assert (told["event"], told["stream"]) == ("stream_subjects_taken", "READINGS_11002")
    assert "python -m fire_safety streams --migrate" in told["what_to_do"]
    assert (await stream.stream_info("READINGS_11002")).state.messages == 0
    await client.close()


async def test_a_password_may_hold_what_an_address_cannot(tmp_path: Path) -> None:
    """Written as %XX, for services and for commands."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "nats-services").write_text("p#@/:%41 end")
    server = NatsServer(tmp_path)
    server.start()
    url = f"nats://services:p%23%40%2F%3A%2541%20end@127.0.0.1:{server.port}"
    client = await asyncio.wait_for(jetstream.connect(url, "tests"), 30)
    try:
        command = await jetstream.connect_once(url, "tests")
        connected = client.is_connected, command.is_connected
        await command.close()
    finally:
        await client.close()
        server.stop()

    assert connected == (True, True)


async def test_a_command_is_told_that_the_broker_is_away_and_the_log_is_not(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """It has a sentence for whoever gave it; a trace for each attempt says no more."""
    (port,) = free_ports(1)
    with capture_logs() as logs, pytest.raises(BrokerUnavailableError):
        await jetstream.connect_once(f"nats://127.0.0.1:{port}", "tests")

    assert (logs, caplog.records, capfd.readouterr()) == ([], [], ("", ""))


async def test_what_delays_a_stream_is_told_once(
    nats_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is tried: here a copy on three servers is asked of a single one, as on a disk without room."""
    monkeypatch.setattr(jetstream, "_RETRY_S", 0.01)
    client = await jetstream.connect(nats_server.url, "tests")
    stream = client.jetstream()
    refused = (await stream.account_info()).api.errors
    with capture_logs() as logs:
        ensuring = asyncio.create_task(jetstream.ensure_streams(stream, "11002", replicas=3))
        async with asyncio.timeout(20):
            while (await stream.account_info()).api.errors < refused + 5 * len(jetstream.STREAMS):
                await asyncio.sleep(0.05)
        ensuring.cancel()

    delayed = [one["stream"] for one in logs if one["event"] == "stream_delayed"]
    assert sorted(delayed) == sorted(one.name or "" for one in jetstream.STREAMS)
    await client.close()


async def test_a_broker_that_is_away_is_told_once_and_that_it_is_back_as_well(
    scratch: Path,
) -> None:
    """However long it is away, before the first connection or after; each attempt is counted."""
    server = NatsServer(scratch / "away")
    server.start()

    async def failed_again() -> None:
        before = _errors()
        while _errors() < before + 3:
            await asyncio.sleep(0.05)

    with capture_logs() as logs:
        client = await jetstream.connect(server.url, "first")
        server.kill()
        await asyncio.wait_for(failed_again(), 30)
        late = asyncio.create_task(jetstream.connect(server.url, "second"))
        await asyncio.wait_for(failed_again(), 30)
        server.start()
        other = await asyncio.wait_for(late, 30)
        async with asyncio.timeout(30):
            while len(logs) < len(_TOLD):
                await asyncio.sleep(0.05)
        told = [(one["connection"], one["event"]) for one in logs]
    await client.close()
    await other.close()
    server.stop()

    assert sorted(told) == _TOLD


def _errors() -> float:
    return sum(
        one.value
        for metric in metrics.BROKER_ERRORS.collect()
        for one in metric.samples
        if one.name == "ward_broker_errors_total"
    )
