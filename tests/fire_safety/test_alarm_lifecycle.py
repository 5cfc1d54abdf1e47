"""The lifecycle of alarms against a plain model: whatever devices signal and people do, in whatever order.

Two devices of one zone and a person, on the real database. After each step the open alarms are those of the model.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from nats.aio.client import Client

from chassis.clock import utc_now
from chassis.storage.database import Database, Lease
from chassis.storage.outbox import Relay
from fire_safety import tables
from fire_safety.domain.alarms.alarm import (
    FIRE_KINDS,
    Alarm,
    AlarmAlreadyResetError,
    AlarmKind,
    AlarmNotRestoredError,
    AlarmState,
    Disposition,
    Suppression,
)
from fire_safety.domain.alarms.modes import SuppressedFilter
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.modes import ModeQueries
from tests.fire_safety.samples import PLACED, register, signal
from tests.fire_safety.stored import ALL, WARD
from tests.fixtures.servers import TestDatabase

DEVICES = st.sampled_from([0, 1])
# One of each class: what ends by itself, and what a person ends.
KINDS = st.sampled_from([AlarmKind.SMOKE, AlarmKind.SMOKE, AlarmKind.MUTED])


@dataclass
class Open:
    """What the model says of an open alarm."""

    waits: bool
    restored: bool = False
    seen: bool = False
    silent: bool = False


@dataclass
class Stored:
    """The real thing, driven from outside the event loop."""

    runner: asyncio.Runner
    database: Database
    lease: Lease
    detection: DetectionOperations
    people: AlarmOperations


class Lifecycle(RuleBasedStateMachine):
    """Signals and acts in any order; each example has devices of its own."""

    stored: Stored
    numbers: Iterator[int] = count()

    def __init__(self) -> None:
        super().__init__()
        number = next(self.numbers)
        self.premises_id = f"p-{number}"
        self.devices = [f"m{number}-a", f"m{number}-b"]
        self.run(_enter(self.stored.database, self.premises_id, self.devices))
        self.open: dict[tuple[str, AlarmKind], Open] = {}
        self.confirmed_at: dict[UUID, Any] = {}
        self.suppressed = 0
        self.ended_by_people = 0
        self.at_s = 0

    def run(self, doing: Any) -> Any:
        """Do something on the event loop."""
        return self.stored.runner.run(doing)

    def note(self, kind: AlarmKind, device: int, **changes: Any) -> None:
        """Store a signal of a new reading."""
        self.at_s += 1
        one = replace(signal(kind, device_id=self.devices[device], at_s=self.at_s), **changes)
        self.run(self.stored.detection.note_signals(self.stored.lease, [one], None))

    def alarms(self) -> list[Alarm]:
        """Read all alarms of the two devices."""
        chosen = replace(ALL, premises_id=self.premises_id)
        return self.run(AlarmQueries(self.stored.database).list_alarms(chosen, None, 500))

    # ------------------------------------------------------------ devices

    @rule(device=DEVICES, kind=KINDS)
    def begins(self, device: int, kind: AlarmKind) -> None:
        """Begin a condition without a pre-alarm."""
        self.note(kind, device)
        key = (self.devices[device], kind)
        alarm = self.open.get(key)
        if alarm is None or alarm.waits or alarm.restored:
            self.open[key] = Open(waits=False)
        self.confirm()

    @rule(device=DEVICES)
    def begins_to_wait(self, device: int) -> None:
        """Begin a fire condition with a pre-alarm."""
        kind = AlarmKind.SMOKE
        self.note(kind, device, pre_alarm=True)
        key = (self.devices[device], kind)
        alarm = self.open.get(key)
        if alarm is None:
            self.open[key] = Open(waits=True)
        elif alarm.restored:
            self.open[key] = Open(waits=False)
        self.confirm()

    @rule(device=DEVICES, kind=KINDS)
    def ends(self, device: int, kind: AlarmKind) -> None:
        """End a condition."""
        self.note(kind, device, raised=False)
        key = (self.devices[device], kind)
        alarm = self.open.get(key)
        if alarm and (alarm.waits or kind not in FIRE_KINDS):
            del self.open[key]
        elif alarm:
            alarm.restored = True

    @rule(device=DEVICES, kind=KINDS, raised=st.booleans(), why=st.sampled_from(Suppression))
    def is_suppressed(
        self, *, device: int, kind: AlarmKind, raised: bool, why: Suppression
    ) -> None:
        """Begin or end a condition while the device is tested or disabled."""
        self.note(kind, device, raised=raised, suppressed=why)
        self.suppressed += 1

    def confirm(self) -> None:
        """Confirm what waits beside another device's fire condition."""
        for (device, _), alarm in self.open.items():
            others = (
                one
                for (other, kind), one in self.open.items()
                if other != device and kind in FIRE_KINDS and not one.restored
            )
            if alarm.waits and any(others):
                alarm.waits, alarm.seen, alarm.silent = False, False, False

    # ------------------------------------------------------------ people

    @precondition(lambda self: self.open)
    @rule(data=st.data(), act=st.sampled_from(["acknowledge", "silence", "reset"]))
    def a_person_acts(self, data: st.DataObject, act: str) -> None:
        """On any open alarm; only what is restored and does not wait can be reset."""
        key = data.draw(st.sampled_from(sorted(self.open)))
        alarm = next(
            one
            for one in self.alarms()
            if (one.device_id, one.kind) == key and one.state is not AlarmState.RESET
        )
        people, request_id = self.stored.people, f"{alarm.alarm_id}-{self.at_s}-{act}"[:64]
        model = self.open[key]
        if act == "acknowledge":
            self.run(people.acknowledge(alarm.alarm_id, request_id, b""))
            model.seen = True
        elif act == "silence":
            self.run(people.silence(alarm.alarm_id, request_id, b""))
            model.silent = True
        elif model.restored:
            self.run(people.reset(alarm.alarm_id, Disposition.NUISANCE, request_id, b""))
            del self.open[key]
            self.ended_by_people += 1
            with pytest.raises(AlarmAlreadyResetError):
                self.run(people.silence(alarm.alarm_id, "request-0", b""))
        else:
            with pytest.raises(AlarmNotRestoredError):
                self.run(people.reset(alarm.alarm_id, Disposition.FIRE, request_id, b""))
        self.at_s += 1

    # ------------------------------------------------------------ always

    @invariant()
    def the_open_alarms_are_those_of_the_model(self) -> None:
        """One per device and kind, each as far as it should be; fire ended by people, and no other."""
        alarms = self.alarms()
        standing = [one for one in alarms if one.state is not AlarmState.RESET]
        assert len(standing) == len(self.open)
        for one in standing:
            model = self.open[one.device_id, one.kind]
            assert (one.state is AlarmState.PRE_ALARM) == model.waits
            assert (one.restored_at is not None) == model.restored
            assert (one.acknowledged_at is not None) == model.seen
            assert (one.silenced_at is not None) == model.silent
        ended_fires = [
            one for one in alarms if one.state is AlarmState.RESET and one.confirmed_at is not None
        ]
        assert len(ended_fires) == self.ended_by_people
        assert all(one.disposition is Disposition.NUISANCE for one in ended_fires)

        self.confirmed_at_is_said_once(alarms)

    def confirmed_at_is_said_once(self, alarms: list[Alarm]) -> None:
        """Of fire alarms, and of them always; it never moves."""
        for one in alarms:
            if one.state in {AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED}:
                assert (one.confirmed_at is not None) == (one.kind in FIRE_KINDS)
            if one.confirmed_at is not None:
                before = self.confirmed_at.setdefault(one.alarm_id, one.confirmed_at)
                assert before == one.confirmed_at

    def teardown(self) -> None:
        """Find each suppressed signal recorded, once."""
        chosen = SuppressedFilter("", self.premises_id)
        recorded = self.run(ModeQueries(self.stored.database).list_signals(chosen, None, 500))
        assert len(recorded) == self.suppressed


@pytest.mark.postgres
def test_no_sequence_of_signals_and_acts_breaks_the_lifecycle(test_database: TestDatabase) -> None:
    """None leaves two open alarms, ends a fire without a person, loses a signal or moves a confirmation."""
    with asyncio.Runner() as runner:
        opening = _stored(runner, test_database.url)
        Lifecycle.stored = runner.run(opening.__aenter__())
        try:
            run_state_machine_as_test(
                Lifecycle,
                settings=settings(
                    max_examples=15,
                    stateful_step_count=30,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(opening.__aexit__(None, None, None))


@asynccontextmanager
async def _stored(runner: asyncio.Runner, url: str) -> AsyncGenerator[Stored]:
    database = Database.connect(url)
    relay = Relay(database, tables.outbox, Client().jetstream(), utc_now)
    async with database.lease("test") as lease:
        assert lease
        detection = DetectionOperations(relay, utc_now, WARD)
        yield Stored(runner, database, lease, detection, AlarmOperations(database, relay, utc_now))
    await database.close()


async def _enter(database: Database, premises_id: str, devices: list[str]) -> None:
    """Enter premises with one zone and these devices in it."""
    entered = register()
    zone = replace(entered.premises[0].zones[0], zone_id=f"z-{premises_id}")
    premises = replace(
        entered.premises[0], premises_id=premises_id, code=premises_id, zones=(zone,)
    )
    placed = replace(PLACED, premises_id=premises_id, zone_id=zone.zone_id)
    await RegisterOperations(database, utc_now, "11002").enter(
        replace(
            entered,
            premises=[premises],
            devices=[replace(placed, device_id=one) for one in devices],
            supply_points=[],
            mutual_aid_groups=[],
        )
    )
