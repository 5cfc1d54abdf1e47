"""How many may be there: by night and by day, at home and at work, with the side on which each number is wrong."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.rescue.people import (
    FIRE_SAFETY,
    RESIDENCY,
    Headcount,
    estimate,
    oldest,
    provenance,
)
from incidents.domain.rescue.presence import (
    DAY_FROM,
    NIGHT_FROM,
    Bound,
    Period,
    PresenceKind,
    Rule,
    Workplace,
    period_at,
    presence,
)

MONDAY_NOON = datetime(2026, 1, 5, 5, 0, tzinfo=UTC)  # 12:00 in the ward
RULES = (
    Rule(DAY_FROM, date(2026, 1, 1), 6),
    Rule(NIGHT_FROM, date(2026, 1, 1), 21),
    Rule(NIGHT_FROM, date(2026, 6, 1), 22),
)
WEEK = frozenset(range(1, 6))
OFFICE = Workplace(time(7, 30), time(17), WEEK, persons=40, persons_off_hours=2)
MARKET = Workplace(time(22), time(6), WEEK, persons=90, persons_off_hours=5)
PEOPLE = Headcount(10, (0, 0, 10, 0, 0), {}, MONDAY_NOON, absent=3, lodging=2, standing=4)


@pytest.mark.parametrize(
    ("workplace", "hours", "people"),
    [
        (OFFICE, 0, 40),
        (OFFICE, -4.5, 40),
        (OFFICE, -4.6, 2),
        (OFFICE, 5, 2),
        (OFFICE, 24 * 5, 2),
        (MARKET, 10, 90),
        (MARKET, 17.9, 90),
        (MARKET, 18, 5),
        (MARKET, -7, 5),
        (MARKET, 24 * 5 - 7, 90),
        (MARKET, 24 * 6 - 7, 5),
    ],
)
def test_people_are_at_work_by_the_wards_clock(
    workplace: Workplace, hours: float, people: int
) -> None:
    """Hours count from Monday noon; a night's work belongs to the day on which it begins."""
    assert workplace.people_at(MONDAY_NOON + timedelta(hours=hours)) == people


def test_day_and_night_are_those_of_the_rules_in_force() -> None:
    """Of the day asked about; a rule that is changed later changes nothing before."""
    evening = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)  # 21:30 in the ward

    assert period_at(RULES, MONDAY_NOON) is Period.DAY
    assert period_at(RULES, evening) is Period.NIGHT
    assert period_at(RULES, evening.replace(month=7)) is Period.DAY
    assert period_at(RULES, evening.replace(year=2025)) is Period.NIGHT


def test_each_number_says_on_which_side_the_truth_lies() -> None:
    """By night there may be more residents, by day fewer too; the total is as old as its older part."""
    told = estimate([PEOPLE], MONDAY_NOON + timedelta(hours=1), frozenset({RESIDENCY}))
    declared = provenance(FIRE_SAFETY, MONDAY_NOON - timedelta(days=9), MONDAY_NOON)
    numbers = presence(told, OFFICE, declared, Period.DAY, MONDAY_NOON)
    by_kind = {number.kind: (number.count, number.bound) for number in numbers}
    total = numbers[-1].provenance

    assert by_kind == {
        PresenceKind.REGISTERED: (10, Bound.UNSPECIFIED),
        PresenceKind.ABSENT: (3, Bound.LOWER),
        PresenceKind.LODGING: (2, Bound.LOWER),
        PresenceKind.FOREIGN: (0, Bound.LOWER),
        PresenceKind.STANDING: (4, Bound.UPPER),
        PresenceKind.RESIDENTS_PRESENT: (9, Bound.EITHER),
        PresenceKind.WORKING: (40, Bound.EITHER),
        PresenceKind.TOTAL: (49, Bound.EITHER),
    }
    assert (total.as_of, total.source) == (declared.as_of, "fire-safety, residency")
    assert total.stale
    by_night = presence(told, None, declared, Period.NIGHT, MONDAY_NOON)
    assert (by_night[-1].count, by_night[-1].bound) == (9, Bound.LOWER)
    assert PresenceKind.WORKING not in {number.kind for number in by_night}


@given(st.tuples(*(st.none() | st.integers(0, 10**6),) * 2))
def test_a_sum_is_as_old_as_its_oldest_part(ages: tuple[int | None, int | None]) -> None:
    """And of unknown age if one part was never told."""
    first, second = (
        provenance("s", None if age is None else MONDAY_NOON - timedelta(seconds=age), MONDAY_NOON)
        for age in ages
    )
    known = [age for age in ages if age is not None]
    sum_of_both = oldest(first, second)

    assert sum_of_both == oldest(second, first)
    assert (sum_of_both.as_of is None) is (len(known) < 2)
    assert sum_of_both.age_s == (max(known) if len(known) == 2 else 0)
