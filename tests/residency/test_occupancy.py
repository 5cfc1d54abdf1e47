"""Counting who is there, compared with a plain model."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from residency.domain.persons.partial_date import PartialDate
from residency.domain.places.buildings import Building, Dwelling
from residency.domain.residence.occupancy import (
    AgeBands,
    Assistance,
    Nights,
    Occupants,
    Stay,
    StayKind,
    count,
    next_change,
)

DAY = date(2026, 11, 23)
BIRTHS = st.dates(date(1920, 1, 1), DAY)
AT = datetime(2026, 11, 23, 5, tzinfo=UTC)
TIMES = st.integers(-3600, 3600).map(lambda quarters: AT + quarters * timedelta(hours=6))
REGISTERED, ABSENT, LODGING, STANDING, FOREIGN = StayKind
NUMBERS = ("registered", "absent", "lodging", "foreign", "standing")


@st.composite
def partial_dates(draw: st.DrawFn) -> PartialDate:
    """Draw a birth date that is known to the day, the month or the year."""
    born = draw(BIRTHS)
    known = draw(st.sampled_from([1, 2, 3]))
    return PartialDate(*(born.year, born.month, born.day)[:known])


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    """Draw a stay of one of a few people."""
    begins_at, other = sorted([draw(TIMES), draw(TIMES)])
    person = draw(st.integers(1, 4))
    return Stay(
        # What is known of a person is the same in all stays.
        person=bytes([person]),
        kind=draw(st.sampled_from(StayKind)),
        birth_date=PartialDate(1940 + 20 * person, 11, 24),
        needs=frozenset(list(Assistance)[:person]),
        begins_at=begins_at,
        ends_at=draw(st.sampled_from([None, other])),
    )


def born(birth_date: PartialDate, kind: StayKind = REGISTERED) -> Stay:
    """Make a stay of a person with that birth date, open since yesterday."""
    return Stay(b"1", kind, birth_date, frozenset(), AT - timedelta(days=1), None)


def of(kind: StayKind, person: bytes = b"1") -> Stay:
    """Make a stay of a grown person, open since yesterday."""
    return Stay(person, kind, PartialDate(1990), frozenset(), AT - timedelta(days=1), None)


@given(st.lists(stays(), max_size=8), TIMES)
def test_occupancy_equals_a_plain_model(all_stays: list[Stay], at: datetime) -> None:
    """Everybody counts once; those present are in one band each and under each need."""
    kinds: dict[bytes, set[StayKind]] = {}
    needs: dict[bytes, frozenset[Assistance]] = {}
    for stay in all_stays:
        if stay.begins_at <= at and (stay.ends_at is None or stay.ends_at > at):
            kinds.setdefault(stay.person, set()).add(stay.kind)
            needs[stay.person] = stay.needs
    registered = {person for person, has in kinds.items() if REGISTERED in has}
    away = {person for person in registered if ABSENT in kinds[person]}
    guests = {person for person, has in kinds.items() if has & {LODGING, FOREIGN}}
    present = registered - away | guests
    counts = count(all_stays, at)

    assert counts.present == len(present)
    assert (counts.registered, counts.absent) == (len(registered), len(away))
    assert counts.lodging + counts.foreign == len(present - (registered - away))
    assert counts.standing == sum(
        STANDING in has and person not in present for person, has in kinds.items()
    )
    assert sum(asdict(counts.age_bands).values()) == len(present)
    for need in Assistance:
        assert counts.assistance.get(need, 0) == sum(need in needs[one] for one in present)


@pytest.mark.parametrize(
    ("kinds", "present", "apart"),
    [
        ([REGISTERED, REGISTERED], 1, {"registered": 1}),
        ([REGISTERED, ABSENT], 0, {"registered": 1, "absent": 1}),
        ([REGISTERED, LODGING], 1, {"registered": 1}),
        ([REGISTERED, ABSENT, LODGING], 1, {"registered": 1, "absent": 1, "lodging": 1}),
        ([LODGING, FOREIGN], 1, {"lodging": 1}),
        ([STANDING], 0, {"standing": 1}),
        ([STANDING, LODGING], 1, {"lodging": 1}),
        ([ABSENT], 0, {}),
    ],
)
def test_a_person_counts_once_as_what_matters_most(
    kinds: list[StayKind], present: int, apart: dict[str, int]
) -> None:
    """Registered and absent and back as a guest: each number apart, one who must get out."""
    counts = count([of(kind) for kind in kinds], AT)
    numbers = {name: getattr(counts, name) for name in NUMBERS if getattr(counts, name)}

    assert (counts.present, numbers) == (present, apart)


@given(partial_dates())
def test_the_age_band_is_that_of_the_full_years(birth_date: PartialDate) -> None:
    """Counted birthday by birthday; unknown parts make a person as old as can be."""
    birthdays = sum(
        (DAY.month, DAY.day) >= (birth_date.month or 1, birth_date.day or 1)
        if year == DAY.year
        else True
        for year in range(birth_date.year + 1, DAY.year + 1)
    )
    bands = count([born(birth_date)], AT).age_bands
    expected = AgeBands(
        under_6=birthdays < 6,
        from_6_to_15=6 <= birthdays <= 15,
        from_16_to_59=16 <= birthdays <= 59,
        from_60_to_74=60 <= birthdays <= 74,
        from_75=birthdays >= 75,
    )

    assert bands == expected


@given(st.lists(stays(), max_size=4), TIMES, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_counts_stand_still_until_the_next_change(
    all_stays: list[Stay], at: datetime, later: timedelta
) -> None:
    """Between a count and the instant that `next_change` tells, nothing changes by itself."""
    turn = next_change(all_stays, at)

    assert turn is None or turn > at
    if turn is None or at + later < turn:
        assert count(all_stays, at + later) == count(all_stays, at)


def test_a_birthday_that_changes_the_band_is_a_change() -> None:
    """Born 24 November 2010: 16 at the ward's next midnight."""
    stay = born(PartialDate(2010, 11, 24))
    midnight = datetime(2026, 11, 23, 17, tzinfo=UTC)

    assert next_change([stay], AT) == midnight
    assert count([stay], midnight - timedelta(seconds=1)).age_bands.from_6_to_15 == 1
    assert count([stay], midnight).age_bands.from_16_to_59 == 1


@pytest.mark.parametrize(
    ("known_at", "bound"),
    [
        (datetime(2026, 11, 23, 16, 30, tzinfo=UTC), True),
        (datetime(2026, 11, 24, 0, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 24, 1, tzinfo=UTC), False),
    ],
)
def test_a_night_is_a_lower_bound_until_eight_in_the_morning(
    known_at: datetime, *, bound: bool
) -> None:
    """Who came after 23:00 may be declared until then (Law on Residence Art. 30)."""
    building = Building(UUID(int=1), "11002", 7, "số 1", 1)
    occupants = Occupants(Dwelling(UUID(int=2), building, 1, ""), 1, (), Nights(12, 8))

    assert occupants.counted(AT, known_at).lower_bound is bound


def test_nobody_is_an_empty_count() -> None:
    """And nothing will change it."""
    counts = count([], AT)

    assert (counts.present, counts.assistance) == (0, {})
    assert next_change([], AT) is None
