"""What devices sent and nobody could read: what an engineer is told of it."""

import re
from contextlib import suppress

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from chassis.lifecycle import Lifecycle
from fire_safety import app
from fire_safety.app import commands
from stack.nats_server import NatsServer
from stack.ports import free_ports
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.field import publish_raw, until

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.usefixtures("entered")]


async def test_an_engineer_sees_what_was_refused_and_why(
    broker: Client,
    make_settings: MakeSettings,
    nats_server: NatsServer,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    """The last of them, of all or of one device; and what one of them held, byte for byte."""
    settings, stream = make_settings(nats_server.url), broker.jetstream()
    async with Lifecycle() as life:
        await app.start(life, settings)
        await publish_raw(stream, b"\xff\x00\x1b[2J", "ward.11002.device.FIRST.up")
        await publish_raw(stream, bytes(2**20), "ward.11002.device.SECOND.up")
        await publish_raw(stream, b"", "ward.11002.device.a\x1bb.up")

        async def refused_all() -> bool:
            return (await stream.stream_info("DEAD_LETTERS")).state.messages == 3

        assert await until(refused_all)

    capfdbinary.readouterr()
    await commands.list_dead_letters(settings, "", 50)
    first, second, odd, counted = capfdbinary.readouterr().out.decode().splitlines()
    assert re.fullmatch(
        r" +1  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0700  FIRST  not_\w+  6 byte", first
    )
    assert second.endswith("  SECOND  too_large  1048576 byte")
    assert odd.endswith(r"  a\x1bb  bad_device_id  0 byte")
    assert counted == "3 bản tin bị từ chối / refused messages"

    await commands.list_dead_letters(settings, "", 1)
    assert capfdbinary.readouterr().out.decode().splitlines()[0] == odd
    await commands.list_dead_letters(settings, "FIRST", 50)
    assert capfdbinary.readouterr().out.decode().splitlines()[:-1] == [first]

    await commands.show_dead_letter(settings, 1)
    assert capfdbinary.readouterr().out == b"\xff\x00\x1b[2J"
    with pytest.raises(SystemExit, match=r"no message of this number"):
        await commands.show_dead_letter(settings, 4)
    elsewhere = settings.model_copy(update={"ward_code": "99999"})
    with pytest.raises(SystemExit, match=r"no message of this number"):
        await commands.show_dead_letter(elsewhere, 1)
    await commands.list_dead_letters(elsewhere, "", 50)
    assert capfdbinary.readouterr().out.decode().splitlines() == [
        "0 bản tin bị từ chối / refused messages"
    ]


async def test_with_a_new_broker_nothing_was_refused(
    broker: Client,
    make_settings: MakeSettings,
    nats_server: NatsServer,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """No service has made its streams yet."""
    with suppress(NotFoundError):
        await broker.jetstream().delete_stream("DEAD_LETTERS")
    settings = make_settings(nats_server.url)

    await commands.list_dead_letters(settings, "", 50)

    assert capfd.readouterr().out == "0 bản tin bị từ chối / refused messages\n"
    with pytest.raises(SystemExit, match=r"no message of this number"):
        await commands.show_dead_letter(settings, 1)


async def test_a_broker_that_is_away_is_told_in_a_sentence(make_settings: MakeSettings) -> None:
    """Whichever is asked for."""
    (port,) = free_ports(1)
    settings = make_settings(f"nats://127.0.0.1:{port}")

    with pytest.raises(SystemExit, match=r"Không kết nối được NATS.*The broker .* is away"):
        await commands.list_dead_letters(settings, "", 50)
    with pytest.raises(SystemExit, match=r"Không kết nối được NATS.*The broker .* is away"):
        await commands.show_dead_letter(settings, 1)
