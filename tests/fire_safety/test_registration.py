"""What may be entered on the register of devices: pure decisions, without a database."""

import unicodedata
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fire_safety.domain.devices.device import Device, DeviceKind
from fire_safety.domain.devices.registration import (
    MAX_GATEWAYS,
    MAX_REPORTING,
    Entry,
    Fault,
    Outcome,
    Refusal,
    Surroundings,
    Verdict,
    blank,
    judge,
    whole,
)

TODAY = date(2026, 11, 23)
LONG = 3000
DETECTOR = replace(
    blank("d-1"), interval_s=10, premises_id="p-1", zone_id="z-1", gateway_id="gw", model="KN-10"
)
GATEWAY = replace(blank("gw"), interval_s=60, kind=DeviceKind.GATEWAY)
KNOWN = Surroundings(
    devices={"d-0": replace(blank("d-0"), interval_s=10), "d-1": DETECTOR, "gw": GATEWAY},
    premises={"p-1": "p-1", "CS-0001": "p-1", "p-2": "p-2"},
    zones={"z-1": "p-1", "z-2": "p-2"},
    groups=frozenset({"g-1"}),
    profiles=frozenset({"smoke-optical"}),
)


def verdicts(*entries: Entry) -> list[Verdict]:
    """Judge entries against the small register."""
    return judge(entries, KNOWN, TODAY)


def verdict(device_id: str = "d-1", *, number: int = 0, **values: Any) -> Verdict:
    """Judge one entry."""
    (judged,) = verdicts(Entry(device_id, values, number=number))
    return judged


def test_an_entry_changes_what_it_names_and_leaves_the_rest() -> None:
    """A column that is missing in a table takes nothing away."""
    changed = verdict(model="KN-11")

    assert changed.outcome is Outcome.CHANGED
    assert changed.after == replace(DETECTOR, model="KN-11")
    assert verdict(model="KN-10").outcome is Outcome.UNCHANGED
    assert verdict("d-2", interval_s=10).outcome is Outcome.NEW


def test_names_that_look_alike_are_the_same() -> None:
    """Blanks around them, and letters that came apart from their signs, change nothing."""
    for name in ("model", "firmware"):
        tidy = verdict(**{name: "Kiểu tủ số 1"}).after
        assert (
            verdict(**{name: unicodedata.normalize("NFD", "\u00a0 Kiểu tủ số 1 ")}).after == tidy
        )


def test_nobody_is_registered_as_the_canary() -> None:
    """The platform sends under that name, and nobody watches it as a device."""
    assert verdict("CANARY", interval_s=60).refusals == (Refusal("device_id", Fault.DEVICE_ID),)


def test_premises_are_found_by_their_code_too() -> None:
    """People know the code; the register keeps the id."""
    placed = verdict("d-2", interval_s=10, premises_id="CS-0001", zone_id="z-1")

    assert placed.outcome is Outcome.NEW
    assert placed.after.premises_id == "p-1"


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"interval_s": 0}, ("interval_s", Fault.INTERVAL)),
        ({"interval_s": 604_801}, ("interval_s", Fault.INTERVAL)),
        ({"floor": 201}, ("floor", Fault.FLOOR)),
        ({"model": "x" * 201}, ("model", Fault.TEXT)),
        ({"firmware": "a\0b"}, ("firmware", Fault.TEXT)),
        ({"profile_id": "guess"}, ("profile_id", Fault.PROFILE)),
        ({"premises_id": "p-9", "zone_id": ""}, ("premises_id", Fault.PREMISES)),
        ({"premises_id": ""}, ("zone_id", Fault.ZONE_UNPLACED)),
        ({"zone_id": "z-2"}, ("zone_id", Fault.ZONE_ELSEWHERE)),
        ({"premises_id": "p-2"}, ("zone_id", Fault.ZONE_ELSEWHERE)),
        ({"mutual_aid_group_id": "g-9"}, ("mutual_aid_group_id", Fault.GROUP)),
        ({"gateway_id": "nobody"}, ("gateway_id", Fault.GATEWAY_UNKNOWN)),
        ({"gateway_id": "d-0"}, ("gateway_id", Fault.NOT_A_GATEWAY)),
        ({"installed_on": date(2026, 11, 24)}, ("installed_on", Fault.FUTURE)),
        ({"last_tested_on": date(2026, 11, 24)}, ("last_tested_on", Fault.FUTURE)),
        (
            {"installed_on": date(2026, 2, 1), "end_of_life_on": date(2026, 1, 1)},
            ("end_of_life_on", Fault.BEFORE_INSTALLED),
        ),
        (
            {"installed_on": date(2026, 2, 1), "last_tested_on": date(2026, 1, 1)},
            ("last_tested_on", Fault.BEFORE_INSTALLED),
        ),
    ],
)
def test_a_rule_that_is_broken_is_told_with_its_field(
    values: dict[str, Any], refusal: tuple[str, Fault]
) -> None:
    """In both languages, and alone."""
    judged = verdict(**values)

    assert judged.outcome is Outcome.REFUSED
    assert judged.refusals == (Refusal(*refusal),)
    assert refusal[1].vi != refusal[1].en


def test_what_was_refused_in_reading_hides_nothing_else() -> None:
    """Whoever corrects a row learns of all its faults at once, and of each once."""
    unread = Refusal("interval_s", Fault.INTERVAL)
    (judged,) = verdicts(Entry("d-2", {"premises_id": "p-9"}, refusals=(unread,)))

    assert judged.refusals == (unread, Refusal("premises_id", Fault.PREMISES))


@pytest.mark.parametrize("values", [{"kind": DeviceKind.SMOKE}, {"retired": True}])
def test_a_gateway_stays_one_while_devices_report_through_it(values: dict[str, Any]) -> None:
    """Else they would be silent without anybody being missed; once they are moved, it may go."""
    (name,) = values

    assert verdict("gw", **values).refusals == ((name, Fault.GATEWAY_IN_USE),)
    together = verdicts(Entry("gw", values), Entry("d-1", {"gateway_id": ""}))
    assert [one.outcome for one in together] == [Outcome.CHANGED, Outcome.CHANGED]


def test_no_gateway_reports_through_itself() -> None:
    """Not over others either."""
    gateway = {"kind": DeviceKind.GATEWAY, "interval_s": 60}
    ring = verdicts(
        Entry("gw", {"gateway_id": "gw-2"}),
        Entry("gw-2", {**gateway, "gateway_id": "gw-3"}),
        Entry("gw-3", {**gateway, "gateway_id": "gw"}),
    )

    assert all(Refusal("gateway_id", Fault.GATEWAY_LOOP) in one.refusals for one in ring)


def test_ways_through_gateways_are_short() -> None:
    """However long a chain a file tells of, it is judged at once: detection waits for it."""
    chain = verdicts(
        *(
            Entry(
                f"g-{number}",
                {"interval_s": 60, "kind": DeviceKind.GATEWAY, "gateway_id": f"g-{number + 1}"},
            )
            for number in range(LONG)
        ),
        Entry(f"g-{LONG}", {"interval_s": 60, "kind": DeviceKind.GATEWAY}),
    )

    far = (Refusal("gateway_id", Fault.GATEWAY_FAR),)
    assert [one.refusals[:1] for one in chain if one.refusals] == [far] * (LONG - MAX_GATEWAYS)


def test_who_came_to_stand_far_behind_is_not_refused_for_it() -> None:
    """Its gateway was moved, not it; what else is entered of it has nothing to do with that."""
    chain = [
        replace(GATEWAY, device_id=f"g-{number}", gateway_id=f"g-{number + 1}")
        for number in range(MAX_GATEWAYS + 1)
    ]
    last = replace(GATEWAY, device_id=f"g-{MAX_GATEWAYS + 1}")
    known = replace(KNOWN, devices={one.device_id: one for one in (*chain, last, DETECTOR)})
    (altered,) = judge([Entry("g-0", {"interval_s": 30})], known, TODAY)
    (moved,) = judge([Entry("d-1", {"gateway_id": "g-0"})], known, TODAY)

    assert altered.outcome is Outcome.CHANGED
    assert moved.refusals == (Refusal("gateway_id", Fault.GATEWAY_FAR),)


def test_a_gateway_reports_for_no_more_devices_than_it_can_hear_commands_for() -> None:
    """Whoever would be one too many is refused; who has it already, or leaves, is not."""
    full = replace(KNOWN, reporting={"gw": MAX_REPORTING})
    more = [Entry(f"d-{n}", {"interval_s": 60, "gateway_id": "gw"}) for n in (2, 3)]
    refused = (Refusal("gateway_id", Fault.GATEWAY_FULL),)

    assert [one.refusals for one in judge(more, full, TODAY)] == [refused, refused]
    (altered,) = judge([Entry("d-1", {"interval_s": 30})], full, TODAY)
    assert altered.outcome is Outcome.CHANGED
    left, came = judge([Entry("d-1", {"gateway_id": ""}), more[0]], full, TODAY)
    assert (left.outcome, came.outcome) == (Outcome.CHANGED, Outcome.NEW)
    (retired,) = judge([Entry("d-4", {**more[0].values, "retired": True})], full, TODAY)
    assert retired.refusals == ()


def test_a_row_without_an_id_spoils_no_other() -> None:
    """A note below the table is nobody's gateway."""
    note, device = verdicts(Entry("", {"interval_s": 60}), Entry("d-2", {"interval_s": 60}))

    assert note.refusals == (Refusal("device_id", Fault.DEVICE_ID),)
    assert device.outcome is Outcome.NEW


def test_a_gateway_may_come_behind_its_devices_and_takes_them_along() -> None:
    """Who names a gateway that is refused is refused with it; who names none is not."""
    child = Entry("d-2", {"interval_s": 10, "gateway_id": "gw-2"})
    other = Entry("d-3", {"interval_s": 10})
    good = Entry("gw-2", {"interval_s": 60, "kind": DeviceKind.GATEWAY})
    bad = Entry("gw-2", {"interval_s": 0, "kind": DeviceKind.GATEWAY})

    assert [one.outcome for one in verdicts(child, good, other)] == [Outcome.NEW] * 3
    assert [one.outcome for one in verdicts(child, bad, other)] == [
        Outcome.REFUSED,
        Outcome.REFUSED,
        Outcome.NEW,
    ]


def test_a_device_stands_in_a_file_once() -> None:
    """The second line is refused, whatever it says."""
    first, second = verdicts(Entry("d-2", {"interval_s": 10}), Entry("d-2", {"interval_s": 10}))

    assert first.outcome is Outcome.NEW
    assert second.refusals == (Refusal("device_id", Fault.TWICE),)


def test_a_file_neither_brings_a_retired_device_back_nor_takes_a_test_away() -> None:
    """It may have been written before; by hand both can be done."""
    tested = replace(DETECTOR, last_tested_on=date(2026, 6, 1))
    known = replace(KNOWN, devices={**KNOWN.devices, "d-1": tested})
    older = {"last_tested_on": date(2026, 5, 1)}
    retired = replace(KNOWN, devices={**KNOWN.devices, "d-1": replace(DETECTOR, retired=True)})

    (by_file,) = judge([Entry("d-1", older)], known, TODAY)
    (by_hand,) = judge([Entry("d-1", older, by_hand=True)], known, TODAY)
    (in_table,) = judge([Entry("d-1", {}, number=2)], retired, TODAY)
    (in_register,) = judge([whole(DETECTOR)], retired, TODAY)
    (back,) = judge([Entry("d-1", {"retired": False}, by_hand=True)], retired, TODAY)

    assert by_file.outcome is Outcome.UNCHANGED
    assert by_hand.after.last_tested_on == date(2026, 5, 1)
    assert in_table.refusals == (Refusal("device_id", Fault.RETIRED),)
    assert in_register.after.retired
    assert not back.after.retired


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "gw"]),
            st.sampled_from(["", "a", "b", "c", "gw"]),
            st.sampled_from([DeviceKind.SMOKE, DeviceKind.GATEWAY]),
            st.booleans(),
        ),
        max_size=6,
    )
)
def test_whatever_is_allowed_together_leaves_a_sound_register(
    drawn: list[tuple[str, str, DeviceKind, bool]],
) -> None:
    """Each device in service reports through gateways in service, in a chain that ends."""
    entries = [
        Entry(one, {"interval_s": 10, "gateway_id": gateway, "kind": kind, "retired": retired})
        for one, gateway, kind, retired in drawn
    ]
    after = {one.after.device_id: one.after for one in verdicts(*entries) if not one.refusals}
    register: dict[str, Device] = {**KNOWN.devices, **after}

    for device in register.values():
        above, steps = device, 0
        while above.gateway_id and not above.retired:
            above, steps = register[above.gateway_id], steps + 1
            assert above.kind is DeviceKind.GATEWAY
            assert not above.retired
            assert steps <= len(register)


def test_a_failed_test_counts_until_one_is_passed() -> None:
    """An older test tells nothing new."""
    day = timedelta(days=1)
    failed = replace(DETECTOR, last_tested_on=TODAY - day).tested(TODAY, passed=False)

    assert failed.last_test_failed
    assert failed.last_tested_on == TODAY - day
    assert failed.tested(TODAY - 2 * day, passed=True) == failed
    assert failed.tested(TODAY, passed=True) == replace(DETECTOR, last_tested_on=TODAY)
