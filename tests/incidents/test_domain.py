"""The rules of incidents, with plain values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.domain.incidents.alarms import Alarm
from incidents.domain.incidents.events import AlarmJoined, Assigned, Escalated, Opened
from incidents.domain.incidents.incident import (
    OUTCOMES,
    Change,
    Disposition,
    Incident,
    Member,
    number_for,
    open_fire,
    year_of,
)
from incidents.domain.lifecycle.states import (
    IncidentClosedError,
    IncidentNotAcknowledgedError,
    IncidentState,
)
from incidents.domain.places import Place, unknown_place
from incidents.domain.rules.escalation import Ladders, Notification, Recipient, Rung, Timer
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Priority, grade, most_urgent
from tests.incidents.samples import NIGHT, alarm
from ward.fire_safety.v1 import fire_safety_pb2 as fire

LATER = NIGHT + timedelta(minutes=4)
LADDERS = Ladders(
    {
        (Priority.P1, 0): Rung(0, timedelta(0), (Recipient.DUTY_OFFICER,), "console"),
        (Priority.P1, 1): Rung(
            1, timedelta(seconds=60), (Recipient.DEPUTY_DUTY_OFFICER,), "console"
        ),
        (Priority.P2, 0): Rung(0, timedelta(0), (Recipient.DUTY_OFFICER,), "console"),
        (Priority.P2, 1): Rung(
            1, timedelta(seconds=300), (Recipient.DEPUTY_DUTY_OFFICER,), "console"
        ),
        (Priority.P2, 2): Rung(2, timedelta(seconds=300), (Recipient.WARD_EXECUTIVE,), "console"),
    }
)


def opening(raised: Alarm) -> Change:
    """Open an incident for an alarm."""
    place = Place("Chung cư Giả Định", "số 1 phố Thử Nghiệm")
    return open_fire(raised, place, UUID(int=1), "VV-2026-000001", LADDERS, NIGHT)


def opened(**fields: object) -> Incident:
    """Make an incident that was just opened."""
    return opening(alarm("alarm-1", **fields)).incident


def joined(incident: Incident, further: Alarm, now: datetime) -> Change:
    """Take a further alarm in."""
    change = incident.take(further, LADDERS, now)
    assert change is not None
    return change


def texts(change: Change) -> list[str]:
    """Read what the timeline will say."""
    return [entry.text for entry in change.entries]


def test_a_single_known_detector_opens_a_p2_incident() -> None:
    """The duty officer is told at once, and the deputy's timer runs."""
    change = opening(alarm("alarm-1"))

    assert change.incident.priority is Priority.P2
    assert change.incident.state is IncidentState.REPORTED
    assert change.incident.members == (Member("alarm-1", "TB-0001", 1),)
    assert change.event == Opened()
    assert change.notifications == (Notification(0, Recipient.DUTY_OFFICER, "console", NIGHT),)
    assert change.timer == Timer(
        1, NIGHT + timedelta(seconds=300), (Recipient.DEPUTY_DUTY_OFFICER,), "console"
    )
    assert texts(change) == [
        "Mở vụ việc mức P2: báo động khói tại Bếp, tầng 2 (thiết bị TB-0001).",
        "Đã báo trực ban qua màn hình trực ban.",
    ]


def test_the_timeline_tells_a_floor_once() -> None:
    """Zones are often called after it."""
    (opened, _) = texts(opening(alarm("alarm-1", zone_name="Hành lang tầng 2", floor=2)))

    assert opened == "Mở vụ việc mức P2: báo động khói tại Hành lang tầng 2 (thiết bị TB-0001)."


def test_an_unknown_device_is_louder() -> None:
    """Nobody knows what it watches over, so it is a life threat until somebody has looked."""
    raised = alarm(device_known=False, premises_id="", zone_name="", floor=0)
    change = opening(raised)

    assert change.incident.priority is Priority.P1
    assert texts(change)[0] == (
        "Mở vụ việc mức P1: báo động khói (thiết bị TB-0001 chưa có trong sổ đăng ký)."
    )
    assert unknown_place("TB-0001").name == "Chưa rõ vị trí \N{EN DASH} thiết bị TB-0001"


def test_a_device_that_is_not_placed_yet_is_as_loud() -> None:
    """It is on the register, which does not say yet where it hangs: nobody knows what it watches over."""
    change = opening(alarm(premises_id="", zone_name="", floor=0))

    assert change.incident.priority is Priority.P1
    assert change.incident.place_key == "device:TB-0001"
    assert texts(change)[0] == (
        "Mở vụ việc mức P1: báo động khói (thiết bị TB-0001 chưa ghi vị trí lắp đặt)."
    )


def test_a_second_detector_confirms_and_hurries() -> None:
    """The incident becomes P1, and the next step is due sooner."""
    change = joined(opened(), alarm("alarm-2", device_id="TB-0002"), LATER)

    assert change.incident.priority is Priority.P1
    assert change.event == AlarmJoined("alarm-2")
    assert change.timer == Timer(
        1, LATER + timedelta(seconds=60), (Recipient.DEPUTY_DUTY_OFFICER,), "console"
    )
    assert texts(change) == [
        "Thêm báo động khói tại Bếp, tầng 2 (thiết bị TB-0002). Nâng mức ưu tiên lên P1."
    ]


def test_the_same_detector_twice_confirms_nothing() -> None:
    """Smoke and heat of one device are one witness."""
    heat = alarm("alarm-2", kind=fire.ALARM_KIND_HEAT)
    change = joined(opened(), heat, LATER)

    assert change.incident.priority is Priority.P2
    assert change.timer is None


def test_a_raise_continues_the_ladder_where_it_stands() -> None:
    """Who was told already is not told again; at the top nobody is left to tell."""
    incident = replace(opened(), step=1)
    change = joined(incident, alarm("alarm-2", device_id="TB-0002"), LATER)

    assert change.timer is None  # this P1 ladder ends with step 1


def test_a_joining_alarm_does_not_hurry_whom_it_need_not() -> None:
    """An officer has taken the incident on; no timer starts again."""
    incident = acknowledged(opened())
    change = joined(incident, alarm("alarm-2", device_id="TB-0002"), LATER)

    assert change.incident.priority is Priority.P1
    assert change.timer is None


def test_a_priority_is_never_lowered() -> None:
    """A known detector that joins a P1 incident leaves it P1."""
    change = joined(opened(device_known=False), alarm("alarm-2"), LATER)

    assert change.incident.priority is Priority.P1


def test_a_detector_back_to_normal_ends_nothing() -> None:
    """A note for people, and no event."""
    change = opened().note_restored(alarm("alarm-1"), LATER)

    assert change.event is None
    assert change.incident.state is IncidentState.REPORTED
    assert texts(change) == [
        (
            "Thiết bị TB-0001 đã trở lại bình thường (báo động khói tại Bếp, tầng 2); "
            "vụ việc vẫn mở đến khi có người đóng."
        )
    ]


def test_a_detector_back_to_normal_after_the_close_says_only_that() -> None:
    """The timeline of a closed incident never says that it is open."""
    taken_on = acknowledged(opened())
    ended = taken_on.close(Disposition.NUISANCE, "", "officer-1", LATER).incident

    assert texts(ended.note_restored(alarm("alarm-1"), LATER)) == [
        "Thiết bị TB-0001 đã trở lại bình thường (báo động khói tại Bếp, tầng 2)."
    ]


def test_two_alarms_of_one_device_are_told_apart_when_they_are_over() -> None:
    """A detector may signal smoke and heat, and be back to normal of one of them."""
    incident = opened()
    over = [
        texts(incident.note_restored(alarm(kind=kind), LATER))
        for kind in (fire.ALARM_KIND_SMOKE, fire.ALARM_KIND_HEAT)
    ]

    assert over[0] != over[1]


def test_each_step_starts_the_timer_of_the_next() -> None:
    """Its delay counts from the telling, so that nobody is skipped after an outage."""
    due = Timer(1, NIGHT, (Recipient.DEPUTY_DUTY_OFFICER,), "console")
    change = opened().escalate(due, LADDERS, LATER)

    assert change.incident.step == 1
    assert change.event == Escalated(1, (Recipient.DEPUTY_DUTY_OFFICER,))
    assert change.notifications == (
        Notification(1, Recipient.DEPUTY_DUTY_OFFICER, "console", LATER),
    )
    assert change.timer == Timer(
        2, LATER + timedelta(seconds=300), (Recipient.WARD_EXECUTIVE,), "console"
    )
    assert texts(change) == [
        "Chưa ai tiếp nhận: đã báo phó trực ban qua màn hình trực ban (bước 1)."
    ]


def acknowledged(incident: Incident) -> Incident:
    """Take an incident on."""
    change = incident.acknowledge("officer-1", LATER)
    assert change is not None
    return change.incident


def test_no_step_of_a_ladder_tells_an_owner() -> None:
    """Of a task or an action: who that is, no ladder can know."""
    with pytest.raises(ValueError, match="owner"):
        Recipient("owner")


def test_who_takes_an_incident_on_is_noted_and_ends_the_timers() -> None:
    """A second acknowledgement changes nothing."""
    change = opened().acknowledge("officer-1", LATER)

    assert change is not None
    assert change.ends_timers
    assert change.incident.state is IncidentState.ACKNOWLEDGED
    assert change.incident.acknowledged_by == "officer-1"
    assert change.entries[0].actor == "officer-1"
    assert change.incident.acknowledge("officer-2", LATER) is None


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("kiểm tra tầng 2", "Giao cho Tổ 1: kiểm tra tầng 2"),
        ("", "Giao cho Tổ 1."),
    ],
)
def test_a_task_is_given(task: str, text: str) -> None:
    """To a unit or an account, with or without words."""
    change = acknowledged(opened()).assign("Tổ 1", task, "officer-1", LATER)

    assert change.incident.state is IncidentState.ASSIGNED
    assert change.incident.assignee == "Tổ 1"
    assert change.event == Assigned()
    assert texts(change) == [text]


def test_only_an_incident_that_was_taken_on_can_be_closed() -> None:
    """And then with what it turned out to be."""
    with pytest.raises(IncidentNotAcknowledgedError):
        opened().close(Disposition.FIRE, "", "officer-1", LATER)
    change = acknowledged(opened()).close(Disposition.FIRE, "đã dập tắt", "officer-1", LATER)

    assert change.incident.state is IncidentState.CLOSED
    assert change.incident.disposition is Disposition.FIRE
    assert change.ends_timers
    assert texts(change) == ["Đóng vụ việc: cháy. Ghi chú: đã dập tắt"]


@pytest.mark.parametrize("disposition", Disposition)
def test_every_disposition_has_its_words(disposition: Disposition) -> None:
    """No officer reads a code."""
    kind = IncidentKind.RESCUE if disposition in OUTCOMES else IncidentKind.FIRE
    incident = replace(acknowledged(opened()), kind=kind)
    change = incident.close(disposition, "", "officer-1", LATER)

    assert disposition not in texts(change)[0]


def test_nothing_more_happens_to_a_closed_incident() -> None:
    """Neither taking on, nor a task, nor a second end."""
    ended = acknowledged(opened()).close(Disposition.TEST, "", "officer-1", LATER).incident
    for act in (
        lambda: ended.acknowledge("officer-1", LATER),
        lambda: ended.assign("Tổ 1", "", "officer-1", LATER),
        lambda: ended.close(Disposition.FIRE, "", "officer-1", LATER),
    ):
        with pytest.raises(IncidentClosedError):
            act()


def test_a_kind_that_is_newer_than_this_service_is_a_fire_alarm_all_the_same() -> None:
    """And floors below ground are told as basements."""
    change = opening(alarm(kind=77, zone_name="", floor=-1))

    assert texts(change)[0] == (
        "Mở vụ việc mức P2: báo động cháy tại tầng hầm 1 (thiết bị TB-0001)."
    )


def test_the_ward_s_calendar_numbers_incidents() -> None:
    """The new year begins at midnight in the ward, 17:00 UTC of the day before."""
    assert year_of(datetime(2025, 12, 31, 16, 59, tzinfo=UTC)) == 2025
    assert year_of(datetime(2025, 12, 31, 17, 0, tzinfo=UTC)) == 2026
    assert number_for(2026, 42) == "VV-2026-000042"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1))
def test_the_priority_is_that_of_the_gravest_moment(signals: list[tuple[str, bool]]) -> None:
    """Two distinct detectors or one unknown make P1, in whatever order they come; nothing lowers it."""
    incident = opened(device_id=signals[0][0], device_known=signals[0][1])
    for number, (device_id, known) in enumerate(signals[1:], start=2):
        joining = alarm(f"alarm-{number}", device_id=device_id, device_known=known)
        incident = joined(incident, joining, NIGHT).incident
    grave = len({device for device, _ in signals}) > 1 or not all(known for _, known in signals)

    assert incident.priority is (Priority.P1 if grave else Priority.P2)
    assert incident.entries == incident.version == len(signals) + 1


def test_p1_comes_before_p2() -> None:
    """The order of the values is the order of work."""
    assert most_urgent(Priority.P2, Priority.P1) is Priority.P1
    assert grade(["a", "a"], place_known=True) is Priority.P2
