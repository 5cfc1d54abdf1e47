"""Cutting what the broker sends into messages, however it is chopped up on the way."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.errors import ProtocolError

from chassis.broker.frames import FrameParser
from chassis.broker.jetstream import HardenedClient

Message = tuple[bytes, bytes, bytes, bytes]

words = st.binary(min_size=1, max_size=20).filter(lambda word: not set(word) & set(b" \t\r\n"))
# A sender may write what looks like the broker's next message.
payloads = st.binary(max_size=200) | st.lists(
    st.sampled_from([b"\r\nMSG a 7 b 1\r\n", b"\r\nMSG ", b"x", b"\r\n", b"MSG a 7 b 0\r\n"]),
    max_size=4,
).map(b"".join)
messages = st.tuples(words, st.just(b"") | words, st.just(b"") | st.binary(max_size=40), payloads)


def written(message: Message) -> bytes:
    """Write a message of subscription 7 as the broker does."""
    subject, reply, headers, payload = message
    sizes = b"%d %d" % (len(headers), len(headers + payload)) if headers else b"%d" % len(payload)
    line = b" ".join(filter(None, (subject, b"7", reply, sizes)))
    return (b"HMSG " if headers else b"MSG ") + line + b"\r\n" + headers + payload + b"\r\n"


@given(st.lists(messages, max_size=8), st.lists(st.integers(0, 2000), max_size=12))
async def test_messages_are_found_wherever_the_wire_cuts_them(
    some: list[Message], cuts: list[int]
) -> None:
    """Each whole, once, in order, with any bytes in it."""
    parser = FrameParser(HardenedClient())
    found: list[Message] = []
    parser.sinks[b"7"] = found.extend
    stream = b"".join(map(written, some))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for begin, end in pairwise(edges):
        await parser.parse(stream[begin:end])

    assert found == some


@pytest.mark.parametrize("line", [b"MSG\r\n", b"MSG a\r\n", b"MSG a 7 many\r\n", b"MUG a 7 x\r\n"])
async def test_what_is_no_message_is_an_error_of_the_protocol(line: bytes) -> None:
    """The client then connects anew, instead of reading nothing more for ever."""
    with pytest.raises(ProtocolError):
        await FrameParser(HardenedClient()).parse(line)
