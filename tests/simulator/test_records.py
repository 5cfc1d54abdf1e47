"""Times on the way from detector to officer, and what is made of them."""

import pytest

from simulator.demo.records import BRIEF, DURABLE, EVENT, INCIDENT, Records
from simulator.demo.replay import Timing
from simulator.demo.results import results
from simulator.demo.stations import Station
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as incidents

START_MS = 1_790_000_000_000


def alarm(alarm_id: str, device_id: str, at_s: float) -> fire.Alarm:
    """Make a smoke alarm raised by the reading `at_s` seconds into the fire."""
    made = fire.Alarm(alarm_id=alarm_id, device_id=device_id, kind=fire.ALARM_KIND_SMOKE)
    made.observed_at.FromMilliseconds(START_MS + round(at_s * 1000))
    return made


def published(**at: float) -> Records:
    """Make records of readings 60 s into the fire, sent at these monotonic times by device."""
    readings = {(device, START_MS + 60_000): sent for device, sent in at.items()}
    return Records("P1", published=readings)


def incident(version: int, *alarm_ids: str, premises_id: str = "P1") -> incidents.Incident:
    """Make an incident that holds the alarms."""
    return incidents.Incident(version=version, premises_id=premises_id, alarm_ids=alarm_ids)


def test_each_stage_counts_from_the_reading_that_raised_the_alarm() -> None:
    """Milliseconds after publishing, each stage at its first sight."""
    records = published(D1=100.0)
    assert records.take_alarm(alarm("a1", "D1", 60), 100.010)
    assert not records.take_alarm(alarm("a1", "D1", 60), 100.5)
    records.take_incident(incident(1, "a1"), 100.020, INCIDENT, EVENT)
    records.take_incident(incident(2, "a1"), 100.9, INCIDENT, EVENT)
    brief = incidents.RescueBrief(detectors=[incidents.DetectorInAlarm(alarm_id="a1")])
    records.take_brief(brief, 100.030)

    assert records.complete
    times = [records.after_ms("a1", stage) for stage in (DURABLE, INCIDENT, BRIEF, EVENT)]
    assert times == pytest.approx([10, 20, 30, 20])


def test_what_came_later_proves_what_came_before() -> None:
    """An event on the officer's stream means that incident and alarm were durable by then."""
    records = published(D1=100.0)
    records.take_incident(incident(1, "a1"), 100.004, INCIDENT, EVENT)
    records.take_alarm(alarm("a1", "D1", 60), 100.007)

    assert records.after_ms("a1", DURABLE) == pytest.approx(4)


def test_alarms_of_others_are_not_ours() -> None:
    """An alarm raised by no reading of the replay, or an incident elsewhere, is not counted."""
    records = published(D1=100.0)

    assert not records.take_alarm(alarm("a2", "D1", 61), 100.01)
    records.take_incident(incident(1, "a1", premises_id="P2"), 100.02, INCIDENT)
    assert records.incident is None
    assert records.all_ms(DURABLE) == []
    assert records.median_ms(DURABLE) is None


def test_an_older_state_of_the_incident_does_not_come_back() -> None:
    """A late answer with a lower version changes nothing."""
    records = published()
    records.take_incident(incident(3, "a1"), 1.0, EVENT)
    records.take_incident(incident(2), 2.0, INCIDENT)

    assert records.incident
    assert records.incident.version == 3


def test_lags_are_told_for_stations_whose_real_alarm_sounded() -> None:
    """Earlier is negative, missed is named, and the median is over what can be compared."""
    records = published(D1=100.0, D3=100.0)
    records.take_alarm(alarm("a1", "D1", 60), 100.01)
    records.take_alarm(alarm("a3", "D3", 60), 100.01)
    timing = Timing(START_MS / 1000 + 215, 200, 10)
    placed = {
        device: Station(name, f"SM{name}_1", [], [], [], photo)
        for device, name, photo in (("D1", "A", 70.0), ("D2", "B", 50.0), ("D3", "C", None))
    }

    outcome = results("SDC07", placed, dict.fromkeys(placed, "Sảnh"), timing, records)

    assert [station.lag_s for station in outcome.stations] == [-10, None, None]
    assert outcome.median_lag_s == -10
    assert outcome.missed == ["B"]
    assert outcome.as_json()["p50_ms"] == {"durable": pytest.approx(10)}
