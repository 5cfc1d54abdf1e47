"""Counting who is registered, compared with a plain model."""

from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from residency.domain.occupancy import AgeBands, Assistance, Counts, Stay, count, next_change
from residency.domain.partial_date import PartialDate

DAY = date(2026, 11, 23)
BIRTHS = st.dates(date(1920, 1, 1), DAY)
DAYS = st.dates(DAY - timedelta(days=900), DAY + timedelta(days=900))


@st.composite
def partial_dates(draw: st.DrawFn) -> PartialDate:
    """Draw a birth date that is known to the day, the month or the year."""
    born = draw(BIRTHS)
    known = draw(st.sampled_from([1, 2, 3]))
    return PartialDate(*(born.year, born.month, born.day)[:known])


@st.composite
def stays(draw: st.DrawFn) -> Stay:
    """Draw a stay of one of a few people."""
    valid_from, other = sorted([draw(DAYS), draw(DAYS)])
    person = draw(st.integers(1, 4))
    return Stay(
        person_id=UUID(int=person),
        # What is known of a person is the same in all registrations.
        birth_date=PartialDate(1940 + 20 * person, 11, 24),
        needs=frozenset(list(Assistance)[:person]),
        valid_from=valid_from,
        ends_on=draw(st.sampled_from([None, other])),
    )


def born(birth_date: PartialDate, serial: int = 1, *needs: Assistance) -> Stay:
    """Make a stay of a person with that birth date, open since yesterday."""
    return Stay(UUID(int=serial), birth_date, frozenset(needs), DAY - timedelta(days=1), None)


@given(st.lists(stays(), max_size=8), DAYS)
def test_occupancy_equals_a_plain_model(all_stays: list[Stay], day: date) -> None:
    """Whoever has a registration on the day is counted once, in one band and under each need."""
    people = {
        stay.person_id: stay
        for stay in all_stays
        if stay.valid_from <= day and (stay.ends_on is None or stay.ends_on > day)
    }
    counts = count(all_stays, day)

    assert counts.registered == len(people)
    assert sum(asdict(counts.age_bands).values()) == len(people)
    for need in Assistance:
        expected = sum(need in stay.needs for stay in people.values())
        assert counts.assistance.get(need, 0) == expected


@given(partial_dates())
def test_the_age_band_is_that_of_the_full_years(birth_date: PartialDate) -> None:
    """Counted birthday by birthday; unknown parts make a person as old as can be."""
    birthdays = sum(
        (DAY.month, DAY.day) >= (birth_date.month or 1, birth_date.day or 1)
        if year == DAY.year
        else True
        for year in range(birth_date.year + 1, DAY.year + 1)
    )
    bands = count([born(birth_date)], DAY).age_bands
    expected = AgeBands(
        under_6=birthdays < 6,
        from_6_to_15=6 <= birthdays <= 15,
        from_16_to_59=16 <= birthdays <= 59,
        from_60_to_74=60 <= birthdays <= 74,
        from_75=birthdays >= 75,
    )

    assert bands == expected


@given(st.lists(stays(), max_size=4), DAYS, st.integers(1, 400))
def test_counts_stand_still_until_the_next_change(
    all_stays: list[Stay], day: date, later: int
) -> None:
    """Between a count and the day that `next_change` tells, nothing changes by itself."""
    turn = next_change(all_stays, day)
    other = day + timedelta(days=later)

    assert turn is None or turn > day
    if turn is None or other < turn:
        assert count(all_stays, other) == count(all_stays, day)


def test_a_birthday_that_changes_the_band_is_a_change() -> None:
    """Born 24 November 2010: 16 tomorrow."""
    stay = born(PartialDate(2010, 11, 24))

    assert next_change([stay], DAY) == date(2026, 11, 24)
    assert count([stay], DAY).age_bands.from_6_to_15 == 1
    assert count([stay], date(2026, 11, 24)).age_bands.from_16_to_59 == 1


def test_two_registrations_in_one_dwelling_are_one_person() -> None:
    """Permanent and temporary at once: still one who must get out."""
    stay = born(PartialDate(1990))

    assert count([stay, stay], DAY).registered == 1


def test_a_person_counts_under_each_need() -> None:
    """Needs without anybody are not told."""
    elder = born(PartialDate(1940), 1, Assistance.MOBILITY, Assistance.OXYGEN)
    neighbour = born(PartialDate(1950), 2, Assistance.MOBILITY)

    assert count([elder, neighbour], DAY) == Counts(
        registered=2,
        age_bands=AgeBands(from_75=2),
        assistance={Assistance.MOBILITY: 2, Assistance.OXYGEN: 1},
    )
