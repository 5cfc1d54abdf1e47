"""Gateways and the devices behind them: one event for a gateway's silence, and nobody hides behind it."""

from dataclasses import replace

import pytest

from fire_safety.detection.modes import Mode
from fire_safety.detection.supervision import Supervision
from fire_safety.detection.ward import Ward
from fire_safety.domain.alarms.alarm import Suppression
from fire_safety.domain.devices.device import DeviceKind
from tests.fire_safety.limits import MAINS, PROFILES
from tests.fire_safety.rooms import START_S, reading
from tests.fire_safety.test_ward import batch, silent_at

NOW = START_S * 1000
GATEWAY = replace(MAINS, device_id="GW", kind=DeviceKind.GATEWAY)
FIRST, SECOND = (replace(MAINS, device_id=f"GW-D{n}", gateway_id="GW") for n in (1, 2))
ALLOWED_S = 65


def family(*, gateway_interval_s: int = 10) -> Ward:
    """Remember a gateway and two devices that report through it."""
    made = Ward(PROFILES, {}, NOW)
    made.register([replace(GATEWAY, interval_s=gateway_interval_s), FIRST, SECOND], NOW)
    return made


def report(made: Ward, second: int, *devices: str) -> list[tuple[int, str, bool]]:
    """Have devices report, and tell who was found back or silent by it."""
    found = [
        (second, one.device_id, one.raised)
        for device in devices
        for one in made.take(batch(reading(second), device_id=device))
    ]
    return found + silent_at(made, second, second + 10)


def test_a_gateways_silence_is_one_event() -> None:
    """Not one per device, however long it lasts; and the devices have their whole allowance when it returns."""
    made = family()
    for second in range(0, 60, 10):
        assert report(made, second, "GW-D1", "GW-D2") == []

    assert silent_at(made, 60, 1000) == [(50 + ALLOWED_S + 1, "GW", True)]
    assert report(made, 1000, "GW-D1") == [(1000, "GW", False)]
    found = [one for second in range(1010, 1200, 10) for one in report(made, second, "GW-D1")]
    assert found == [(1000 + ALLOWED_S + 1, "GW-D2", True)]


def test_a_device_that_is_silent_alone_is_told_within_its_allowance() -> None:
    """Its gateway is heard through another."""
    made = family()
    report(made, 0, "GW-D1", "GW-D2")
    found = [one for second in range(10, 200, 10) for one in report(made, second, "GW-D1")]

    assert found == [(ALLOWED_S + 1, "GW-D2", True)]


@pytest.mark.parametrize("heartbeat_s", [50, 70, 120, 600])
def test_no_device_hides_behind_a_gateway_that_reports_seldom(heartbeat_s: int) -> None:
    """Even if nobody else reports through it: once it was heard without the device, that is silent.

    Until then it may be the gateway, and is told as that within the device's allowance.
    """
    made = family(gateway_interval_s=heartbeat_s)
    made.register([replace(SECOND, gateway_id="")], NOW)
    report(made, 0, "GW", "GW-D1")
    found = [
        one
        for second in range(10, 2000, 10)
        for one in report(made, second, *(["GW"] if second % heartbeat_s == 0 else []))
        if one[1] != "GW-D2"
    ]

    may_be_gateway = [("GW", True), ("GW", False)] if heartbeat_s > ALLOWED_S else []
    assert [one[1:] for one in found] == [*may_be_gateway, ("GW-D1", True)]
    assert found[0][0] <= 2 * ALLOWED_S
    assert found[-1][0] <= heartbeat_s + 2 * ALLOWED_S


def test_a_gateway_that_reports_seldom_is_told_as_soon_as_its_devices_are_missed() -> None:
    """Once, and back when any of them is; else its devices would be covered for hours by an allowance of its own."""
    made = family(gateway_interval_s=3600)
    report(made, 0, "GW", "GW-D1", "GW-D2")
    report(made, 10, "GW-D1")

    assert silent_at(made, 20, 5000) == [(ALLOWED_S + 1, "GW", True)]
    assert report(made, 5000, "GW-D1") == [(5000, "GW", False)]


def test_no_gateway_is_blamed_for_a_device_that_is_disabled() -> None:
    """It was switched off for good reason."""
    made = family(gateway_interval_s=3600)
    report(made, 0, "GW")
    disabled = Mode(Suppression.DISABLED, NOW + 10**9, NOW - 1)
    made.suppress({"GW-D1": (disabled,), "GW-D2": (disabled,)}, 10**9)

    assert silent_at(made, 10, 1000) == []


def test_a_gateway_watched_elsewhere_is_told_here_and_found_there() -> None:
    """Whoever misses its devices tells it, once until it is heard again; whoever watches it tells that it is back."""
    here = Ward(PROFILES, {}, NOW)
    here.register([FIRST, SECOND], NOW)
    there = Ward(PROFILES, {}, NOW)
    there.register([replace(GATEWAY, interval_s=3600)], NOW)
    report(here, 0, "GW-D1", "GW-D2")
    there.supervision.hear_gateway("GW", NOW)

    assert silent_at(here, 10, 1000) == [(ALLOWED_S + 1, "GW", True)]
    there.supervision.note_gateway("GW", is_lost=True)
    there.supervision.hear_gateway("GW", NOW)
    assert silent_at(there, 0, 1000) == []
    for made in (here, there):
        made.supervision.hear_gateway("GW", NOW + 1_000_000)
    assert silent_at(there, 1000, 1001) == [(1000, "GW", False)]
    assert silent_at(here, 1000, 1200) == [(1066, one, True) for one in ("GW-D1", "GW-D2")]


def test_a_gateway_that_was_noted_as_lost_too_late_is_not_taken_for_lost() -> None:
    """The database told it as it was before its return; should it fall silent again, that is told."""
    made = family()
    report(made, 0, "GW", "GW-D1", "GW-D2")
    made.supervision.note_gateway("GW", is_lost=True)
    made.supervision.note_gateway("GW", is_lost=False)

    assert silent_at(made, 10, 1000) == [(ALLOWED_S + 1, "GW", True)]


def test_a_gateway_is_heard_through_devices_that_others_watch() -> None:
    """What others stored of it counts, and is not handed out for storing again."""
    watch = Supervision(0, 0)
    watch.watch("GW", 65_000, 0)
    watch.relays.place("elsewhere", "GW")
    lost = []
    for at in range(0, 200_000, 1_000):
        watch.hear_gateway("GW", at)
        lost += watch.sweep(at)

    assert lost == []
    assert watch.relays.news() == {}
    watch.hear("elsewhere", 200_000)
    assert (watch.relays.news(), watch.relays.news()) == ({"GW": 200_000}, {})
