"""Which pre-alarms confirm each other: decided from what stands where, without a database."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind, Confirmation
from fire_safety.domain.alarms.confirmation import Confirmed, Standing, confirmed
from fire_safety.domain.premises.places import Place

KITCHEN = Place("p-1", "z-kitchen", "Bếp", 2, "")
HALL = Place("p-1", "z-hall", "Hành lang", 1, "")
NEXT_DOOR = Place("p-2", "z-9", "Bếp", 1, "g-1")
NEIGHBOUR = Place("p-3", "", "", 0, "g-1")


def standing(
    device_id: str, place: Place, kind: AlarmKind = AlarmKind.SMOKE, *, waits: bool = True
) -> Standing:
    """Make a fire condition."""
    return Standing(UUID(int=hash((device_id, kind)) % 2**64), device_id, kind, place, waits)


def told(*conditions: Standing) -> list[tuple[str, Confirmation, str]]:
    """Tell what is confirmed: the device, by what, and by which device."""
    devices = {one.alarm_id: one.device_id for one in conditions}
    return [
        (devices[one.alarm_id], one.confirmation, one.by_device_id)
        for one in confirmed(conditions)
    ]


def test_one_device_alone_confirms_nothing() -> None:
    """Not even with two kinds: that is its own profile's to judge."""
    heat = standing("a", KITCHEN, AlarmKind.HEAT)

    assert told(standing("a", KITCHEN)) == []
    assert told(standing("a", KITCHEN), heat) == []


def test_two_devices_of_a_zone_confirm_each_other() -> None:
    """Two first signals are two witnesses."""
    assert told(standing("a", KITCHEN), standing("b", KITCHEN)) == [
        ("a", Confirmation.SECOND_DEVICE, "b"),
        ("b", Confirmation.SECOND_DEVICE, "a"),
    ]


def test_a_fire_alarm_confirms_what_waits_beside_it() -> None:
    """And is itself as it was."""
    assert told(standing("a", KITCHEN), standing("b", KITCHEN, waits=False)) == [
        ("a", Confirmation.SECOND_DEVICE, "b")
    ]


def test_other_zones_and_other_premises_confirm_nothing() -> None:
    """What happens elsewhere may be something else."""
    assert told(standing("a", KITCHEN), standing("b", HALL), standing("c", NEXT_DOOR)) == []


def test_interlinked_households_confirm_each_other() -> None:
    """Whatever premises and zones they are."""
    assert told(standing("a", NEXT_DOOR), standing("b", NEIGHBOUR)) == [
        ("a", Confirmation.SECOND_DEVICE, "b"),
        ("b", Confirmation.SECOND_DEVICE, "a"),
    ]


def test_a_call_point_speaks_for_its_premises_and_its_group() -> None:
    """A person pressed it; other detectors in other zones still wait for each other."""
    pressed = standing("m", HALL, AlarmKind.MANUAL_CALL_POINT, waits=False)
    next_door = standing("n", NEIGHBOUR, AlarmKind.MANUAL_CALL_POINT, waits=False)

    assert told(standing("a", KITCHEN), pressed) == [("a", Confirmation.MANUAL, "m")]
    assert told(standing("c", NEXT_DOOR), next_door) == [("c", Confirmation.MANUAL, "n")]
    assert told(standing("c", NEXT_DOOR), pressed) == []


def test_an_echo_is_no_second_signal() -> None:
    """An interlinked device repeats what the first one said."""
    echo = standing("b", KITCHEN, AlarmKind.INTERCONNECT, waits=False)

    assert told(standing("a", KITCHEN), echo) == []


def test_devices_in_no_zone_share_the_rest_of_their_premises() -> None:
    """But those of no premises share nothing with anybody."""
    somewhere, nowhere = Place("p-1", "", "", 0, ""), Place("", "", "", 0, "")

    assert len(told(standing("a", somewhere), standing("b", somewhere))) == 2
    assert told(standing("a", nowhere), standing("b", nowhere)) == []


PLACES = st.sampled_from([KITCHEN, HALL, NEXT_DOOR, NEIGHBOUR])
CONDITIONS = st.lists(
    st.builds(
        Standing,
        alarm_id=st.builds(uuid4),
        device_id=st.sampled_from("abcdef"),
        kind=st.sampled_from(sorted(FIRE_KINDS)),
        place=PLACES,
        waits=st.booleans(),
    ),
    max_size=12,
)


@given(CONDITIONS)
def test_only_what_waits_is_confirmed_and_never_by_itself(conditions: list[Standing]) -> None:
    """Once each, by another device that stands, of the same zone, premises or group."""
    by_id = {one.alarm_id: one for one in conditions}
    found = confirmed(conditions)

    assert len({one.alarm_id for one in found}) == len(found)
    for one in found:
        waiting = by_id[one.alarm_id]
        assert waiting.waits
        assert one.by_device_id != waiting.device_id
        assert any(_is_near(waiting, other) for other in conditions if _named(one, other))


@given(CONDITIONS, st.randoms(use_true_random=False))
def test_the_order_of_signals_does_not_matter(conditions: list[Standing], random: object) -> None:
    """The same are confirmed, whoever signalled first."""
    shuffled = list(conditions)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # a Random

    def ids(some: list[Standing]) -> set[UUID]:
        return {one.alarm_id for one in confirmed(some)}

    assert ids(shuffled) == ids(conditions)


def _named(found: Confirmed, other: Standing) -> bool:
    return other.device_id == found.by_device_id


def _is_near(one: Standing, other: Standing) -> bool:
    a, b = one.place, other.place
    return a.zone == b.zone or a.group == b.group != "" or a.premises == b.premises
