"""Who works on which partition: exactly one, evenly, and moving little."""

from hypothesis import given
from hypothesis import strategies as st

from chassis.broker.partitions import PARTITIONS
from fire_safety.domain.lanes.sharing import share_of

ALL = frozenset(range(PARTITIONS))
members = st.sets(st.integers(0, 2**31 - 1), min_size=1, max_size=PARTITIONS + 3)


@given(members)
def test_every_partition_has_exactly_one_owner(some: set[int]) -> None:
    """All of them together have all, none twice."""
    owned = [one for member in some for one in share_of(member, some)]

    assert sorted(owned) == sorted(ALL)


@given(members)
def test_shares_differ_by_one_at_most(some: set[int]) -> None:
    """Nobody works while others idle, but where there are more members than partitions."""
    sizes = [len(share_of(member, some)) for member in some]

    assert max(sizes) - min(sizes) <= 1


@given(members.flatmap(lambda some: st.tuples(st.just(some), st.permutations(sorted(some)))))
def test_all_members_compute_the_same(told: tuple[set[int], list[int]]) -> None:
    """In whatever order they see each other."""
    some, order = told

    assert all(share_of(member, order) == share_of(member, some) for member in some)


@given(members.filter(lambda some: len(some) > 1), st.data())
def test_of_the_partitions_of_those_who_stay_most_stay(
    some: set[int], data: st.DataObject
) -> None:
    """Who stays has a larger share than before, and keeps at least half of what it had."""
    leaving = data.draw(st.sampled_from(sorted(some)))
    staying = some - {leaving}

    kept = sum(len(share_of(one, some) & share_of(one, staying)) for one in staying)
    had = sum(len(share_of(one, some)) for one in staying)

    assert 2 * kept >= had


def test_a_stranger_has_no_share() -> None:
    """Nor has anybody where nobody is."""
    assert share_of(1, []) == share_of(1, [2, 3]) == frozenset()
