"""How much of one device is stored."""

from hypothesis import given
from hypothesis import strategies as st

from fire_safety.consumers.formats import Decoded
from fire_safety.decoders import columns
from fire_safety.decoders.columns import Sent
from fire_safety.domain.readings.reading import Batch, Condition, Reading
from fire_safety.domain.readings.surplus import RecordingLimits, Surplus
from tests.fire_safety.limits import INGESTION
from ward.fire_safety.v1 import readings_pb2 as pb

LIMITS = RecordingLimits(version=1, readings_per_s=2, burst_readings=10)
NOW = 1_790_000_000_000


Message = tuple[int, bytes, bytes, int]


def sent(
    place: int, device_id: str, at_ms: int, conditions: int = 0, readings: int = 1
) -> Message:
    """Send a message of the platform's own format."""
    batch = pb.ReadingBatch(
        device_id=device_id,
        readings=[
            pb.Reading(observed_at_ms=at_ms + n, temperature=20, conditions=conditions)
            for n in range(readings)
        ],
    )
    subject = f"ward.11002.device.{device_id}.up.1".encode()
    return place, subject, batch.SerializeToString(), at_ms


def decoded(*messages: Message) -> Decoded:
    """Read messages as columns."""
    return Decoded(columns.read(Sent(*zip(*messages, strict=True)), INGESTION), {}, {})


def stored(one: Decoded) -> list[tuple[str, int]]:
    """Tell the device and time of each reading that is left."""
    return [
        (batch.device_id, row.observed_ms)
        for batch in one.bulk.batches()
        for row in batch.readings
    ]


def test_what_is_far_above_the_rate_is_left_out_and_nothing_of_others() -> None:
    """A burst is stored, what follows at once is not; the neighbour in the same block is whole."""
    loud = [sent(n, "loud", NOW + n) for n in range(30)]
    quiet = [sent(30 + n, "quiet", NOW + 1000 * n) for n in range(10)]

    left = stored(decoded(*loud, *quiet).without(Surplus(LIMITS)))

    assert [at - NOW for device, at in left if device == "loud"] == list(range(10))
    assert len([at for device, at in left if device == "quiet"]) == 10


def test_a_declared_condition_is_stored_however_much_there_is() -> None:
    """In columns and one by one: alarms are never throttled."""
    smoke = int(Condition.SMOKE_ALARM)
    many = [sent(n, "loud", NOW) for n in range(20)]
    surplus = Surplus(LIMITS)
    assert len(stored(decoded(*many).without(surplus))) == 10

    in_columns = decoded(sent(0, "loud", NOW, smoke), sent(1, "loud", NOW)).without(surplus)
    alone = {
        place: Batch("loud", NOW, [Reading(NOW, NOW, conditions=declared)])
        for place, declared in enumerate((smoke, 0))
    }
    one_by_one = Decoded((), alone, {}).without(surplus)

    assert len(stored(in_columns)) == 1
    assert list(one_by_one.batches) == [0]


def test_limits_that_come_into_force_count_at_once() -> None:
    """Narrower ones leave out more, wider ones less."""
    surplus = Surplus(LIMITS)
    surplus.allow(RecordingLimits(version=2, readings_per_s=2, burst_readings=3))
    assert surplus.beyond(("one", NOW, 1) for _ in range(5)) == [3, 4]

    surplus.allow(LIMITS)
    assert surplus.beyond(("one", NOW, 1) for _ in range(8)) == [7]


def test_a_clock_that_is_set_back_makes_nobody_a_debtor() -> None:
    """The broker's clock went back by an hour: what comes then is stored."""
    surplus = Surplus(LIMITS)
    assert surplus.beyond([("one", NOW, 10), ("one", NOW, 1)]) == [1]

    assert surplus.beyond([("one", NOW - 3_600_000, 1)]) == []


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 12)), max_size=60))
def test_no_more_is_stored_than_rate_and_burst_allow_and_never_less(
    messages: list[tuple[int, int]],
) -> None:
    """Whatever comes: within any time at most the burst and the rate; a device below its rate loses nothing."""
    surplus, at, stored_readings = Surplus(LIMITS), NOW, 0
    for gap_ms, readings in messages:
        at += gap_ms
        if not surplus.beyond([("one", at, readings)]):
            stored_readings += readings
        allowed = LIMITS.burst_readings + LIMITS.readings_per_s * (at - NOW) / 1000
        assert stored_readings <= allowed
    careful = Surplus(LIMITS)
    assert careful.beyond(("one", NOW + 500 * n, 1) for n in range(len(messages))) == []
