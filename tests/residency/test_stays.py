"""The rules of stays, absences and needs, held to plain models."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import ward_day, ward_time
from chassis.errors import FieldInvalidError
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.partial_date import PartialDate, months_later
from residency.domain.persons.person_name import FullName
from residency.domain.residence.absences import AbsenceContent, AbsenceGround, AbsenceLimits
from residency.domain.residence.assistance import AssistanceBasis, Grounds, ReviewLimit
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.registrations import Term
from residency.domain.residence.stays import (
    Guest,
    LodgingTooLongError,
    StayDeclaration,
    StayLimits,
    unbroken_days,
)

DAY = date(2026, 11, 23)
EVENING = ward_time(DAY, 20)
LIMITS = StayLimits(
    lodging_days=30, evening_hour=23, morning_hour=8, foreign_hours=12, night_end_hour=12
)
ABSENCES = AbsenceLimits({AbsenceGround.CONSCRIPTION_AGE: 3, AbsenceGround.LONG_ABSENCE: 12})
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
ARRIVALS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
GUEST = Guest(
    document=PassportNumber("LAO", "P0000000"),
    full_name=FullName("Khách Giả Định"),
    birth_date=PartialDate(1990),
    nationality="LAO",
    sex=None,
)


def stay(
    arrives_at: datetime = EVENING,
    kind: StayKind = StayKind.LODGING,
    nights: int | None = 1,
) -> StayDeclaration:
    """Make a declaration of so many nights; None is without an end."""
    leaves_on = None if nights is None else ward_day(arrives_at) + timedelta(days=nights)
    return StayDeclaration(UUID(int=1), kind, GUEST, "thăm người thân", arrives_at, leaves_on)


@given(ARRIVALS)
def test_a_guest_is_declared_before_23_or_if_later_before_8_of_the_next_day(
    arrives_at: datetime,
) -> None:
    """It is always after the arrival, and within the hours that the law leaves (Law 68/2020/QH14 Art. 30)."""
    day = ward_day(arrives_at)
    in_the_evening = arrives_at >= ward_time(day, 23)
    tomorrow = day + timedelta(days=1)
    expected = ward_time(tomorrow, 8) if in_the_evening else ward_time(day, 23)
    declare_by = LIMITS.declare_by(stay(arrives_at))

    assert declare_by == expected
    assert arrives_at < declare_by


@given(ARRIVALS, st.integers(1, 48))
def test_a_foreigner_is_declared_within_hours_of_arrival(arrives_at: datetime, hours: int) -> None:
    """Whatever the time of day (Law 47/2014/QH13 Art. 33)."""
    limits = replace(LIMITS, foreign_hours=hours)
    declared = stay(arrives_at, StayKind.FOREIGN)
    assert limits.declare_by(declared) - arrives_at == timedelta(hours=hours)


@given(ARRIVALS, st.sampled_from([StayKind.LODGING, StayKind.STANDING, StayKind.FOREIGN]))
def test_who_comes_past_midnight_and_leaves_that_day_spends_the_night_before(
    arrives_at: datetime, kind: StayKind
) -> None:
    """One night; but for whoever comes when guests have left already."""
    day = ward_day(arrives_at)
    declared = stay(arrives_at, kind, nights=0)

    assert declared.term == Term(day - timedelta(days=1), day)
    if arrives_at < ward_time(day, 12):
        LIMITS.check(declared, [])
    else:
        with pytest.raises(FieldInvalidError):
            LIMITS.check(declared, [])


@given(st.sets(st.integers(0, 60)), st.integers(0, 59), st.integers(1, 40))
def test_nights_that_follow_one_another_are_one_stay(
    taken: set[int], first: int, nights: int
) -> None:
    """As a set of days says: the nights around the new ones, up to the first gap."""
    own = set(range(first, first + nights))
    others = [
        Term(DAY + timedelta(days=day), DAY + timedelta(days=day + 1)) for day in taken - own
    ]
    term = Term(DAY + timedelta(days=first), DAY + timedelta(days=first + nights))
    run, slept = set(own), taken | own
    while grown := {day for day in slept - run if day + 1 in run or day - 1 in run}:
        run |= grown

    assert unbroken_days(term, others) == len(run)


@pytest.mark.parametrize(
    ("kind", "nights", "refused"),
    [
        (StayKind.LODGING, 29, None),
        (StayKind.LODGING, 30, LodgingTooLongError),
        (StayKind.LODGING, 0, FieldInvalidError),
        (StayKind.LODGING, None, FieldInvalidError),
        (StayKind.FOREIGN, 300, None),
        (StayKind.FOREIGN, None, FieldInvalidError),
        (StayKind.STANDING, 300, None),
        (StayKind.STANDING, None, None),
    ],
)
def test_a_stay_is_as_long_as_its_kind_may_be(
    kind: StayKind, nights: int | None, refused: type[Exception] | None
) -> None:
    """Who lodges for thirty days registers; only a close relative's stay is open."""
    declared = stay(kind=kind, nights=nights)
    if refused is None:
        LIMITS.check(declared, [])
    else:
        with pytest.raises(refused):
            LIMITS.check(declared, [])


def test_thirty_days_in_pieces_are_thirty_days() -> None:
    """The day of leaving may be the day of coming again; a day between breaks the stay."""
    joined = Term(DAY - timedelta(days=29), DAY)
    with pytest.raises(LodgingTooLongError):
        LIMITS.check(stay(), [joined])
    LIMITS.check(stay(), [Term(DAY - timedelta(days=30), DAY - timedelta(days=1))])


@given(st.sampled_from(AbsenceGround), DAYS, DAYS)
def test_an_absence_is_declared_when_it_is_so_long_that_the_law_asks(
    ground: AbsenceGround, first: date, until: date
) -> None:
    """From three months on for point c, from twelve for point d (Law 68/2020/QH14 Art. 31)."""
    content = AbsenceContent(ground, "đi làm", "Hà Nội", Term(first, until))
    long_enough = until >= months_later(first, ABSENCES.months[ground])
    if long_enough:
        ABSENCES.check(content)
    else:
        with pytest.raises(FieldInvalidError):
            ABSENCES.check(content)
    ABSENCES.check(replace(content, term=Term(first, None)))


@given(DAYS, st.integers(0, 30))
def test_months_later_is_the_same_day_or_the_first_after_it(day: date, months: int) -> None:
    """Never in an earlier month, never a day too early."""
    later = months_later(day, months)
    passed = (later.year - day.year) * 12 + later.month - day.month
    assert (passed, later.day) in {(months, day.day), (months + 1, 1)}
    if later.day != day.day:
        # Only where the month has no such day.
        assert (later - timedelta(days=1)).day < day.day


@given(DAYS, DAYS)
def test_a_review_is_to_come_within_the_year(today: date, review_on: date) -> None:
    """Neither today, when it is reviewed, nor later than the limit."""
    allowed = today < review_on <= months_later(today, 12)
    if allowed:
        ReviewLimit(12).check(review_on, today)
    else:
        with pytest.raises(FieldInvalidError):
            ReviewLimit(12).check(review_on, today)


@pytest.mark.parametrize(
    ("basis", "article"), [(AssistanceBasis.CONSENT, "Điều 19"), (AssistanceBasis.LAW, "")]
)
def test_a_need_stands_on_consent_or_on_a_named_article(
    basis: AssistanceBasis, article: str
) -> None:
    """A law without its article is no basis, and consent needs none."""
    with pytest.raises(FieldInvalidError):
        Grounds(basis, article)
