"""What is sent again after its alarm has ended: it raises nothing, over a restart and a reset, and hides nothing."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chassis.storage.database import Database, Lease
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import AlarmKind, AlarmState, Disposition
from fire_safety.domain.readings.reading import Batch, Condition, Reading
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.detection import DetectionOperations
from fire_safety.queries.detection import DetectionQueries
from tests.fire_safety.field import store
from tests.fire_safety.limits import PROFILES
from tests.fire_safety.rooms import SMOKE, START_S, reading
from tests.fire_safety.samples import PLACED
from tests.fire_safety.stored import alarms_of

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("entered")]

PRESSED = int(Condition.MANUAL_CALL_POINT)
DEVICE = replace(PLACED, interval_s=10)


class Detecting:
    """A detector that is started again at will; whatever is sent is recorded as well."""

    def __init__(self, database: Database, lease: Lease, operations: DetectionOperations) -> None:
        self._database, self._lease, self._operations = database, lease, operations
        self._ward: Ward | None = None

    async def start(self) -> None:
        """Remember what the database tells, and nothing else."""
        signalling = await DetectionQueries(self._database).signalling()
        self._ward = Ward(PROFILES, signalling, START_S * 1000)
        self._ward.register([DEVICE], START_S * 1000)

    async def take(self, *readings: Reading) -> None:
        """Send readings, each in a message of its own."""
        assert self._ward
        for one in readings:
            batch = Batch(DEVICE.device_id, one.received_ms, [one])
            if signals := self._ward.take(batch):
                for spent in await self._operations.note_signals(self._lease, signals, None):
                    self._ward.forget(spent)
            await store(self._database, [batch])


@pytest.fixture
async def detecting(database: Database, lease: Lease, detection: DetectionOperations) -> Detecting:
    """Begin to detect."""
    begun = Detecting(database, lease, detection)
    await begun.start()
    return begun


async def kinds(database: Database) -> list[tuple[AlarmKind, AlarmState]]:
    """Tell what alarms there are, oldest first."""
    return [(one.kind, one.state) for one in await alarms_of(database)]


def again(readings: Sequence[Reading], received: float) -> list[Reading]:
    """Send readings once more, from a time on."""
    at = round((START_S + received) * 1000)
    return [one._replace(received_ms=at + n) for n, one in enumerate(readings)]


async def test_a_fire_that_is_sent_again_after_its_reset_is_none(
    database: Database, people: AlarmOperations, detecting: Detecting
) -> None:
    """Not by the reading that raised it, nor by others of its time, by the same detector or the next."""
    fire = [reading(t, SMOKE) for t in range(0, 100, 10)]
    await detecting.take(*fire, *(reading(t) for t in range(100, 200, 10)))
    (alarm,) = await alarms_of(database)
    await people.reset(alarm.alarm_id, Disposition.FIRE, "request-1", b"")

    await detecting.take(*again(fire, 1000))
    await detecting.start()
    await detecting.take(*again(fire[3:], 2000), *again(fire, 3000))
    assert await kinds(database) == [(AlarmKind.SMOKE, AlarmState.RESET)]

    await detecting.take(reading(4000, SMOKE), reading(4010, SMOKE))
    assert await kinds(database) == [
        (AlarmKind.SMOKE, AlarmState.RESET),
        (AlarmKind.SMOKE, AlarmState.ACTIVE),
    ]
    assert (await alarms_of(database))[-1].shelved_until is None


async def test_a_fire_that_is_sent_again_before_its_reset_does_not_signal_again(
    database: Database, detecting: Detecting
) -> None:
    """It stays restored, so that a person can reset it."""
    fire = [reading(t, SMOKE) for t in range(0, 100, 10)]
    await detecting.take(*fire, *(reading(t) for t in range(100, 200, 10)))
    await detecting.start()
    await detecting.take(*again(fire[2:], 1000))

    (alarm,) = await alarms_of(database)
    assert alarm.restored_at is not None


async def test_a_fire_that_came_newest_first_is_sent_again_after_its_reset(
    database: Database, people: AlarmOperations, detecting: Detecting
) -> None:
    """What shows it is a reading that came before the one by which it is shown: its own time and value are known."""
    kept = [reading(t, SMOKE + t / 1000) for t in range(90, -1, -10)]
    clear = [reading(1000 + t) for t in range(70, 200, 10)]
    await detecting.take(reading(1000), *again(kept, 1001), *clear)
    (alarm,) = await alarms_of(database)
    await people.reset(alarm.alarm_id, Disposition.FIRE, "request-1", b"")

    await detecting.take(*again(kept, 2000))
    await detecting.start()
    await detecting.take(reading(3000), *again(kept, 3001))

    assert await kinds(database) == [(AlarmKind.SMOKE, AlarmState.RESET)]


async def test_a_call_point_is_not_deaf_after_its_press_was_sent_again(
    database: Database, people: AlarmOperations, detecting: Detecting
) -> None:
    """The next press alarms, though no heartbeat has said in between that it is normal."""
    press = reading(0, None, conditions=PRESSED)
    await detecting.take(press, reading(10, None))
    (alarm,) = await alarms_of(database)
    await people.reset(alarm.alarm_id, Disposition.DRILL, "request-1", b"")
    await detecting.start()

    await detecting.take(*again([press], 1000))
    assert await kinds(database) == [(AlarmKind.MANUAL_CALL_POINT, AlarmState.RESET)]
    await detecting.take(reading(1010, None, conditions=PRESSED))

    assert [state for _, state in await kinds(database)] == [AlarmState.RESET, AlarmState.ACTIVE]


async def test_a_fire_by_a_clock_that_was_set_back_into_another_fire_is_no_repeat(
    database: Database, people: AlarmOperations, detecting: Detecting
) -> None:
    """Even in the very seconds of readings that are stored: those said something else."""
    heartbeats = [reading(t, None) for t in range(10, 100, 10)]
    await detecting.take(
        reading(0, None, conditions=PRESSED), *heartbeats[::-1], reading(100, None)
    )
    (alarm,) = await alarms_of(database)
    await people.reset(alarm.alarm_id, Disposition.DRILL, "request-1", b"")

    await detecting.take(reading(50, None, conditions=PRESSED, received=4000))

    assert [state for _, state in await kinds(database)] == [AlarmState.RESET, AlarmState.ACTIVE]


async def test_a_press_is_no_repeat_of_itself(
    database: Database, people: AlarmOperations, detecting: Detecting
) -> None:
    """Heard beside the stream by a clock that is ahead of the broker's, and recorded before its alarm is stored."""
    await detecting.take(reading(0, None, conditions=PRESSED), reading(10, None))
    (alarm,) = await alarms_of(database)
    await people.reset(alarm.alarm_id, Disposition.DRILL, "request-1", b"")

    press = reading(1000, None, conditions=PRESSED)
    await store(database, [Batch(DEVICE.device_id, press.received_ms, [press])])
    await detecting.take(press._replace(received_ms=press.received_ms + 2000))

    assert [state for _, state in await kinds(database)] == [AlarmState.RESET, AlarmState.ACTIVE]
