"""Profiles are read strictly: nonsense is refused, and the error says where."""

from copy import deepcopy
from dataclasses import asdict
from typing import Any

import pytest

from fire_safety.domain.profiles.profile import DetectionLimits
from fire_safety.domain.profiles.strict import NonsenseError, read
from tests.fire_safety.limits import FIRST, PROFILES

WRITTEN: dict[str, Any] = asdict(PROFILES[-1].limits)


@pytest.mark.parametrize("profile", [FIRST, *PROFILES], ids=lambda one: one.name)
def test_what_is_written_is_read(profile: Any) -> None:
    """Each published profile, there and back."""
    assert read(DetectionLimits, asdict(profile.limits), profile.name) == profile.limits


def test_what_is_not_spoken_of_is_not_judged() -> None:
    """Only the rhythm must be there."""
    limits = read(DetectionLimits, {"rhythm": WRITTEN["rhythm"]}, "x/1")

    assert limits.smoke is limits.heat is limits.carbon_monoxide is limits.rate is None


@pytest.mark.parametrize(
    ("where", "value", "complaint"),
    [
        ("sound", {}, "x/1: unknown: sound"),
        ("smoke.alarm", 0.1, "x/1.smoke: unknown: alarm"),
        ("smoke.alarm_m1", None, "x/1.smoke.alarm_m1: not a number"),
        ("smoke.alarm_m1", "0.03", "x/1.smoke.alarm_m1: not a number"),
        ("smoke.alarm_m1", True, "x/1.smoke.alarm_m1: not a number"),
        ("smoke.alarm_m1", 0.01, "x/1.smoke: restore_m1 must be below alarm_m1"),
        ("smoke.clean_air_max_m1", 0.03, "x/1.smoke: clean_air_max_m1 must be below alarm_m1"),
        ("smoke", [], "x/1.smoke: not an object"),
        ("heat.restore_c", 58, "x/1.heat: restore_c must be below alarm_c"),
        ("heat.rise.span_s", 150, "x/1: a rise must be told within the gap"),
        ("rhythm", {}, "x/1.rhythm: missing: confirming_readings, gap_intervals, gap_s"),
        ("rhythm.confirming_readings", 1.5, "x/1.rhythm.confirming_readings: not an integer"),
        ("rhythm.confirming_readings", 0, "x/1.rhythm: confirming_readings must be positive"),
        ("carbon_monoxide.curve", "30", "x/1.carbon_monoxide.curve: not a list"),
        ("carbon_monoxide.curve", [3], "x/1.carbon_monoxide.curve[0]: not an object"),
        (
            "carbon_monoxide.curve",
            [{"ppm": 50, "minutes": 60}, {"ppm": 100, "minutes": 70}],
            "x/1.carbon_monoxide: more carbon monoxide must alarm sooner",
        ),
        ("carbon_monoxide.restore_ppm", 35, "restore_ppm must be below the curve"),
        ("verification.after_s", 0, "x/1.verification: both times must be positive"),
        ("battery.restore_percent", 15, "restore_percent must be above low_percent"),
        ("flapping.shelve_s", 0, "x/1.flapping: all must be positive"),
        ("rate.factor", 0.5, "x/1.rate: a device may send what its interval says"),
    ],
)
def test_nonsense_is_refused_with_its_place(where: str, value: object, complaint: str) -> None:
    """Unknown and missing keys, other types, and limits that contradict each other."""
    written = deepcopy(WRITTEN)
    *path, last = where.split(".")
    inner = written
    for name in path:
        inner = inner[name]
    inner[last] = value

    with pytest.raises(NonsenseError) as refused:
        read(DetectionLimits, written, "x/1")

    assert complaint in str(refused.value)
