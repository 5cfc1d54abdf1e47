"""kill -9 of any one part in the middle of a fire: the same alarm and the same incident, once."""

import pytest

from stack.supervisor import Stack
from tests.system.officer import Officer
from tests.system.smoke import CLEAN_AIR, SMOKE, Detector

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]

PARTS = ["postgres", "nats", "residency", "fire_safety", "incidents", "gateway"]


@pytest.mark.parametrize(("number", "part"), list(enumerate(PARTS, start=2)))
async def test_a_part_killed_in_a_fire_loses_and_doubles_nothing(
    ward: Stack, officer: Officer, number: int, part: str
) -> None:
    """Killed while the smoke rises, and again after the incident: one alarm, one incident, the same ones."""
    premises_id = (await officer.premises(number))["premisesId"]
    device = (await officer.devices(premises_id))[0]
    detector = Detector(ward.installation, device)
    await detector.report(CLEAN_AIR, 3)
    await detector.report(SMOKE, 2)

    ward.process(part).kill()
    await detector.report(SMOKE, 8)
    await ward.ready(part)
    (incident,) = await officer.until(lambda: officer.open_incidents(premises_id))
    (alarm,) = await officer.open_alarms(device)

    assert incident["alarmIds"] == [alarm["alarmId"]]

    ward.process(part).kill()
    await detector.report(SMOKE, 3)
    await ward.ready(part)
    # What came after the kill has been folded once this second device's alarm has joined.
    other = (await officer.devices(premises_id))[1]
    await Detector(ward.installation, other).report(SMOKE, 10)

    async def joined() -> bool:
        incidents = await officer.open_incidents(premises_id)
        return len(incidents[0]["alarmIds"]) > 1

    await officer.until(joined)
    (same_incident,) = await officer.open_incidents(premises_id)
    (same_alarm,) = await officer.open_alarms(device)
    (second_alarm,) = await officer.open_alarms(other)

    assert same_alarm["alarmId"] == alarm["alarmId"]
    assert same_incident["incidentId"] == incident["incidentId"]
    assert same_incident["alarmIds"] == [alarm["alarmId"], second_alarm["alarmId"]]
