"""The platform's streams, on a real NATS server."""

import asyncio

import pytest
from nats.js.api import StreamConfig
from structlog.testing import capture_logs

from chassis.broker import jetstream
from stack.nats_server import NatsServer

pytestmark = pytest.mark.nats


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
        await asyncio.wait_for(ensuring, 10)

    (told,) = [one for one in logs if one["log_level"] in {"warning", "error"}]
    assert (told["event"], told["stream"]) == ("stream_subjects_taken", "READINGS_11002")
    assert "python -m fire_safety streams --migrate" in told["what_to_do"]
    assert (await stream.stream_info("READINGS_11002")).state.messages == 0
    await client.close()
