"""False alarm rates: numerators and denominators per device and premises, of what people said on reset."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chassis.clock import utc_now
from chassis.storage.database import Database, Lease
from fire_safety.domain.alarms.alarm import AlarmKind, Disposition
from fire_safety.domain.alarms.rates import Grouping, Outcomes, RateFilter, RatePosition
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.rates import RateQueries
from tests.fire_safety.samples import APARTMENTS, PLACED, UNPLACED, register, signal
from tests.fire_safety.stored import WARD, alarms_of, note


def test_a_rate_is_never_told_without_what_it_is_of() -> None:
    """Nothing reset has no share, no device no rate per year; tests and drills are not false."""
    nothing = Outcomes({}, device_days=0)
    some = Outcomes(
        {Disposition.NUISANCE: 2, Disposition.FIRE: 1, Disposition.TEST: 4, Disposition.FAULT: 1},
        device_days=730.5,
    )

    assert (nothing.false_share, nothing.false_per_device_year) == (None, None)
    assert (some.alarms_reset, some.false_alarms) == (8, 3)
    assert some.false_share == pytest.approx(3 / 8)
    assert some.false_per_device_year == pytest.approx(1.5)


@pytest.mark.postgres
async def test_outcomes_are_counted_by_device_and_by_premises(
    database: Database,
    lease: Lease,
    detection: DetectionOperations,
    people: AlarmOperations,
) -> None:
    """Of fire alarms that people reset within the period, worst first, in pages; trouble is none of it.

    The days are those on the register: before, nobody heard whether an alarm was false.
    """
    await RegisterOperations(database, lambda: utc_now() - timedelta(days=4), WARD).enter(
        register()
    )
    said = {
        (PLACED.device_id, AlarmKind.SMOKE): Disposition.NUISANCE,
        (PLACED.device_id, AlarmKind.HEAT): Disposition.FIRE,
        (UNPLACED.device_id, AlarmKind.SMOKE): Disposition.DRILL,
        ("nobody", AlarmKind.SMOKE): Disposition.MALICIOUS,
    }
    for device_id, kind in [*said, (PLACED.device_id, AlarmKind.FAULT)]:
        begins = signal(kind, device_id=device_id)
        await note(detection, lease, begins, replace(begins, raised=False))
    for alarm in await alarms_of(database):
        if disposition := said.get((alarm.device_id, alarm.kind)):
            await people.reset(alarm.alarm_id, disposition, str(alarm.alarm_id), b"")
    queries, now = RateQueries(database), utc_now()
    by_device = RateFilter(Grouping.DEVICE, now - timedelta(days=10), now + timedelta(hours=1), "")

    page = await queries.list_rates(by_device, None, 2)
    rest = await queries.list_rates(by_device, RatePosition(1, page[-1].device_id), 9)
    premises = await queries.list_rates(replace(by_device, grouping=Grouping.PREMISES), None, 9)
    total = await queries.total(by_device)
    of_premises = await queries.total(replace(by_device, premises_id=APARTMENTS.premises_id))
    before = replace(by_device, ends_at=now - timedelta(days=1))

    days = pytest.approx(4 + 1 / 24, abs=1e-3)
    assert [one.device_id for one in page + rest] == sorted(
        {device_id for device_id, _ in said},
        key=lambda one: (one == UNPLACED.device_id, one),
    )
    placed = next(one for one in page + rest if one.device_id == PLACED.device_id)
    assert (placed.premises_id, placed.outcomes.device_days) == (APARTMENTS.premises_id, days)
    assert (placed.outcomes.alarms_reset, placed.outcomes.false_alarms) == (2, 1)
    unknown = next(one for one in page + rest if one.device_id == "nobody")
    assert (unknown.outcomes.device_days, unknown.outcomes.false_per_device_year) == (0, None)
    assert [(one.premises_id, one.outcomes.alarms_reset) for one in premises] == [
        ("", 2),
        (APARTMENTS.premises_id, 2),
    ]
    assert (total.alarms_reset, total.device_days) == (
        4,
        pytest.approx(2 * (4 + 1 / 24), abs=1e-3),
    )
    assert (of_premises.alarms_reset, of_premises.device_days) == (2, days)
    assert await queries.list_rates(before, None, 9) == []
