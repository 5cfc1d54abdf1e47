"""How many people may be inside, with plain values."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.rescue.people import Headcount, estimate, provenance
from tests.incidents.samples import NIGHT

moments = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda age: NIGHT - age)
headcounts = st.builds(
    Headcount,
    registered=st.integers(0, 40),
    age_bands=st.tuples(*[st.integers(0, 40)] * 5),
    assistance=st.dictionaries(st.integers(1, 6), st.integers(1, 9)),
    as_of=moments,
    absent=st.integers(0, 9),
    lodging=st.integers(0, 9),
    foreign=st.integers(0, 9),
    standing=st.integers(0, 9),
)


@given(st.lists(headcounts, min_size=1))
def test_a_sum_is_as_old_as_its_oldest_number(counts: list[Headcount]) -> None:
    """And says where it comes from, how old it is, and that more people may be there."""
    people = estimate(counts, NIGHT)
    oldest: datetime = min(count.as_of for count in counts if count.as_of)

    assert people.registered == sum(count.registered for count in counts)
    assert sum(people.age_bands) == sum(sum(count.age_bands) for count in counts)
    assert sum(people.assistance.values()) == sum(
        sum(count.assistance.values()) for count in counts
    )
    assert people.present == sum(
        count.registered - count.absent + count.lodging + count.foreign for count in counts
    )
    assert people.standing == sum(count.standing for count in counts)
    assert people.provenance.source == "residency"
    assert people.provenance.lower_bound
    assert people.provenance.as_of == oldest
    assert people.provenance.age_s == int((NIGHT - oldest).total_seconds())


def test_nothing_known_is_a_bound_too() -> None:
    """At least nobody: never a statement that the place is empty, and no time at which anybody counted."""
    people = estimate([], NIGHT)

    assert people.registered == 0
    assert people.provenance.lower_bound
    assert people.provenance.as_of is None


def test_an_age_is_never_negative() -> None:
    """A source whose clock runs ahead tells news of now."""
    assert provenance("residency", NIGHT + timedelta(seconds=5), NIGHT).age_s == 0
