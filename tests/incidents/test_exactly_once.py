"""Whatever is redelivered, in whatever order, while officers close incidents: compared with a plain model."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.alarms import Alarm
from incidents.domain.incidents.incident import Incident
from incidents.domain.incidents.requests import Listing
from incidents.domain.lifecycle.states import IncidentState
from incidents.domain.rules.priorities import Priority
from incidents.operations.alarms import AlarmEvent
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    alarm,
    closure,
    events,
    operations,
    rows,
)

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Signal:
    """One alarm of the run: where, by which device, and whether that is known."""

    premises: str
    device: str
    known: bool


@dataclass(frozen=True)
class Delivery:
    """One delivery of an event of one signal; the variant tells a second event id from a redelivery."""

    signal: int
    raised: bool
    variant: int


@dataclass(frozen=True)
class AtOnce:
    """Deliveries of alarms, all raised or all restored, that are taken in one transaction."""

    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class CloseAll:
    """An officer takes on and closes every incident that is open."""


@dataclass
class ModelIncident:
    """What the model expects of an incident."""

    members: list[int] = field(default_factory=list)
    open: bool = True


class Model:
    """What should happen, in plain Python."""

    def __init__(self, signals: list[Signal]) -> None:
        self.signals = signals
        self.incidents: list[ModelIncident] = []
        self._open: dict[str, ModelIncident] = {}
        self._joined: set[int] = set()

    def deliver(self, signal: int) -> None:
        """Take a raised alarm."""
        if signal in self._joined:
            return
        self._joined.add(signal)
        place = self.signals[signal].premises or self.signals[signal].device
        if place not in self._open:
            self._open[place] = ModelIncident()
            self.incidents.append(self._open[place])
        self._open[place].members.append(signal)

    def close_all(self) -> None:
        """Close what is open."""
        for incident in self._open.values():
            incident.open = False
        self._open.clear()

    def priority(self, incident: ModelIncident) -> Priority:
        """Grade an incident: the gravest it ever was."""
        signals = [self.signals[member] for member in incident.members]
        placed = all(one.known and one.premises for one in signals)
        grave = len({one.device for one in signals}) > 1 or not placed
        return Priority.P1 if grave else Priority.P2


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Signal], list[Delivery | AtOnce | CloseAll]]:
    """Draw signals, and steps in which each is raised at least once."""
    signals = draw(
        st.lists(
            st.builds(
                Signal, st.sampled_from(["p1", "p2", ""]), st.sampled_from("abc"), st.booleans()
            ),
            min_size=1,
            max_size=7,
        )
    )
    numbers = st.sampled_from(range(len(signals)))
    once: list[Delivery | AtOnce | CloseAll] = [
        Delivery(number, raised=True, variant=0) for number in range(len(signals))
    ]
    deliveries = st.builds(Delivery, numbers, st.booleans(), st.integers(0, 1))
    at_once = st.booleans().flatmap(
        lambda raised: st.builds(
            AtOnce,
            st.lists(
                st.builds(Delivery, numbers, st.just(raised), st.integers(0, 1)),
                min_size=2,
                max_size=6,
            ).map(tuple),
        )
    )
    more = draw(st.lists(deliveries | at_once | st.just(CloseAll()), max_size=12))
    return signals, draw(st.permutations(once + more))


class Run:
    """One run against the database, under names that no other run has."""

    def __init__(self, database: Database, signals: list[Signal]) -> None:
        self.name = str(uuid4())
        self.database = database
        self.queries = Queries(database)
        self.operations: Operations = operations(database, StoppedClock())
        self.alarms = [self._alarm(number, signal) for number, signal in enumerate(signals)]

    async def deliver(self, delivery: Delivery | AtOnce) -> None:
        """Deliver an event, or several at once."""
        told = delivery.deliveries if isinstance(delivery, AtOnce) else (delivery,)
        take = (
            self.operations.take_raised_alarms
            if told[0].raised
            else self.operations.take_changed_alarms
        )
        await take([self._told(one) for one in told])

    def _told(self, delivery: Delivery) -> AlarmEvent:
        alarm = self.alarms[delivery.signal]
        restored = replace(alarm, restored_at=NIGHT, version=2)
        return AlarmEvent(self._event_id(delivery), alarm if delivery.raised else restored)

    def _event_id(self, delivery: Delivery) -> UUID:
        return uuid5(NAMESPACE_OID, f"{self.name} {delivery}")

    async def close_all(self) -> None:
        """Take on and close what is open."""
        for incident in await self.incidents():
            if incident.state is not IncidentState.CLOSED:
                await self.operations.acknowledge(acknowledgement(incident.incident_id))
                await self.operations.close(closure(incident.incident_id))

    async def incidents(self) -> list[Incident]:
        """Read the incidents of this run, in order of opening."""
        listing = Listing(open_only=False, premises_id="", size=500, after=None)
        page = await self.queries.page(listing)
        mine = [one for one in page.incidents if one.ward_code == self.name]
        return sorted(mine, key=lambda one: one.number)

    async def restorings_told(self, incident_id: UUID) -> int:
        """Count the entries that tell of a detector back to normal."""
        story = await self.queries.story(incident_id)
        return sum(entry.kind == "alarm_restored" for entry in story.timeline)

    def _alarm(self, number: int, signal: Signal) -> Alarm:
        return alarm(
            f"{self.name}-{number}",
            ward_code=self.name,
            premises_id=signal.premises and f"{self.name}-{signal.premises}",
            device_id=signal.device,
            device_known=signal.known,
        )


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs())
async def test_every_alarm_is_in_exactly_one_incident(
    database: Database, drawn: tuple[list[Signal], list[Delivery | AtOnce | CloseAll]]
) -> None:
    """Of its place, opened once, with the gravest priority, and each restoring is told once."""
    signals, steps = drawn
    run, model = Run(database, signals), Model(signals)
    restored: set[int] = set()
    for step in steps:
        if isinstance(step, CloseAll):
            await run.close_all()
            model.close_all()
        else:
            await run.deliver(step)
            for one in step.deliveries if isinstance(step, AtOnce) else [step]:
                if one.raised:
                    model.deliver(one.signal)
                else:
                    restored.add(one.signal)
    found = await run.incidents()

    assert [[one.alarm_id for one in incident.members] for incident in found] == [
        [run.alarms[member].alarm_id for member in incident.members]
        for incident in model.incidents
    ]
    assert [one.priority for one in found] == [model.priority(one) for one in model.incidents]
    assert [one.state is not IncidentState.CLOSED for one in found] == [
        one.open for one in model.incidents
    ]
    assert [await run.restorings_told(one.incident_id) for one in found] == [
        len(restored.intersection(one.members)) for one in model.incidents
    ]


async def test_fifty_alarms_of_one_premises_at_once_are_one_incident(database: Database) -> None:
    """Also where two instances race, one by one and several at once: the index decides, the losers join."""
    replicas = [operations(database, StoppedClock()) for _ in range(2)]
    raised = [alarm(f"alarm-{number}", device_id=f"TB-{number}") for number in range(50)]
    await asyncio.gather(
        *(
            replicas[number % 2].take_raised_alarms(
                [AlarmEvent(uuid4(), one) for one in raised[number : number + 1 + number % 2 * 4]]
            )
            for number in range(50)
        )
    )
    (incident,) = await rows(database, tables.incidents)
    members = await rows(database, tables.incident_alarms, "position")

    assert {row.alarm_id for row in members} == {one.alarm_id for one in raised}
    assert [row.position for row in members] == list(range(1, 51))
    assert incident.priority == "P1"
    assert len(await rows(database, tables.notifications)) == 1
    assert (await events(database)).count("IncidentOpened") == 1
    assert (await events(database)).count("IncidentAlarmJoined") == 49


async def test_one_alarm_delivered_to_all_instances_at_once_has_one_effect(
    database: Database,
) -> None:
    """Under one event id and under several."""
    replica = operations(database, StoppedClock())
    one, event_id = alarm("alarm-1"), uuid4()
    await asyncio.gather(
        *(replica.take_raised_alarm(event_id, one) for _ in range(5)),
        *(replica.take_raised_alarm(uuid4(), one) for _ in range(5)),
    )

    assert len(await rows(database, tables.incident_alarms)) == 1
    assert await events(database) == ["IncidentOpened"]


async def test_closing_and_alarms_at_once_lose_nothing(database: Database) -> None:
    """Each alarm is in the closed incident or in the one that was opened after it; at most one is open."""
    replica = operations(database, StoppedClock())
    await replica.take_raised_alarm(uuid4(), alarm("alarm-0"))
    (first,) = await rows(database, tables.incidents)
    await replica.acknowledge(acknowledgement(first.incident_id))
    await asyncio.gather(
        replica.close(closure(first.incident_id)),
        *(replica.take_raised_alarm(uuid4(), alarm(f"alarm-{n}")) for n in range(1, 20)),
    )
    places = defaultdict(set)
    for row in await rows(database, tables.incident_alarms):
        places[row.incident_id].add(row.alarm_id)
    open_ones = [row for row in await rows(database, tables.incidents) if row.state != "CLOSED"]

    assert sum(len(alarms) for alarms in places.values()) == 20
    assert len(open_ones) <= 1


async def test_many_premises_at_once_have_each_their_incident_and_number(
    database: Database,
) -> None:
    """No number twice, nothing waits for anything in a circle."""
    replica = operations(database, StoppedClock())
    raised = [
        AlarmEvent(uuid4(), alarm(premises_id=f"premises-{n % 10}", device_id=f"TB-{n}"))
        for n in range(60)
    ]
    # Each set meets the premises of all others, from another one on.
    sets = [[*raised[n : n + 10 : 3], *raised[n : n + 10 : 2]] for n in range(0, 60, 7)]
    await asyncio.gather(*(replica.take_raised_alarms(some) for some in [*sets, raised]))
    opened = await rows(database, tables.incidents)

    assert len(opened) == 10
    assert len({row.number for row in opened}) == 10
