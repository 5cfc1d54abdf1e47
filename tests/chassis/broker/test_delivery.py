"""What the broker says of a message, in both ways in which brokers say it."""

from typing import Any

import pytest

from chassis.broker.delivery import Delivery, all_stored_ms

STORED_NS = 1_764_230_000_123_456_789
SHORT = b"$JS.ACK.EVENTS.reader.2.41.7.%d.5" % STORED_NS
LONG = b"$JS.ACK.ward.8Zx9.EVENTS.reader.2.41.7.%d.5.random" % STORED_NS


def told(sequence: int, consumed: int, pending: int) -> bytes:
    """Write what the broker says of a message, the later the higher its number in the stream."""
    stored_ns = STORED_NS + sequence * 10**9
    return b"$JS.ACK.EVENTS.reader.1.%d.%d.%d.%d" % (sequence, consumed, stored_ns, pending)


@pytest.mark.parametrize("reply", [SHORT, LONG])
def test_its_metadata_are_read_from_the_reply_subject(reply: bytes) -> None:
    """With domain and account before the stream, or without."""
    client: Any = None
    delivery = Delivery(client, b"ward.x", reply, b"", b"data")

    assert (delivery.sequence, delivery.consumer_sequence) == (41, 7)
    assert delivery.stored_ms == STORED_NS // 1_000_000
    assert delivery.metadata.stream == "EVENTS"
    assert (delivery.metadata.num_delivered, delivery.metadata.num_pending) == (2, 5)
    assert delivery.metadata.timestamp_ns == STORED_NS


@pytest.mark.parametrize(
    ("headers", "expected"),
    [(b"", False), (b"NATS/1.0\r\nA: 1\r\n\r\n", False), (b"NATS/1.0\r\nB: 1\r\n\r\n", True)],
)
def test_a_header_that_is_surely_absent_is_told_without_reading(
    headers: bytes, *, expected: bool
) -> None:
    """False is sure, True may be."""
    client: Any = None
    assert Delivery(client, b"ward.x", SHORT, headers, b"").may_have("B") is expected


@pytest.mark.parametrize(
    "replies",
    [
        [],
        [SHORT],
        [SHORT, SHORT],
        [LONG, LONG],
        [SHORT, LONG],
        # As long as each other, with their words at other places.
        [told(9, 10, 0), told(10, 9, 0)],
        [told(10, 10, 0), told(10, 9, 10)],
        [told(1, 1, 99), told(1, 1, 98), told(2, 2, 97)],
        [told(1, 1, 10), told(2, 2, 9)],
    ],
)
def test_many_are_asked_at_once_and_answer_as_each_by_itself(replies: list[bytes]) -> None:
    """However each says it."""
    client: Any = None
    messages = [Delivery(client, b"ward.x", reply, b"", b"") for reply in replies]

    assert all_stored_ms(messages) == [one.stored_ms for one in messages]
