"""Leaving a premises as an officer leaves it after a drill: acknowledged, reset, closed."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection

from google.protobuf.message import Message

from simulator.demo.gateway import Gateway, RefusedError
from simulator.demo.observer import open_alarms, open_incidents
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as incidents

DRILL = "DISPOSITION_DRILL"
RESTORED_WITHIN_S = 180.0
LOOK_S = 1.0
PATIENT_LOOKS = 4
OVERTAKEN = {"ALARM_ALREADY_RESET", "ALARM_NOT_RESTORED", "INCIDENT_CLOSED"}
Breathe = Callable[[], Awaitable[None]]


class StillBurningError(Exception):
    """These detectors did not come back to normal in time, so their alarms cannot be reset."""

    def __init__(self, device_ids: Collection[str]) -> None:
        super().__init__(", ".join(sorted(device_ids)))


async def tidy(
    gateway: Gateway, premises_id: str, breathe: Breathe, waiting: Callable[[], None]
) -> int:
    """Reset all fire alarms and close all incidents of a premises as a drill; return how many.

    `breathe` lets the detectors report clean air once; `waiting` is called when that takes a while.
    Raises StillBurningError.
    """
    count = 0
    # One that is just being opened for an alarm is found by looking again.
    while alarms := await open_alarms(gateway, premises_id):
        for alarm in alarms:
            if alarm.state == fire.ALARM_STATE_ACTIVE:
                await _post(
                    gateway,
                    f"/v1/alarms/{alarm.alarm_id}:acknowledge",
                    fire.AcknowledgeAlarmResponse(),
                )
        await _until_restored(gateway, premises_id, breathe, waiting)
        for alarm in alarms:
            path = f"/v1/alarms/{alarm.alarm_id}:reset"
            await _post(gateway, path, fire.ResetAlarmResponse(), disposition=DRILL)
            count += 1
    for incident in await open_incidents(gateway, premises_id):
        await _close(gateway, incident)
        count += 1
    return count


async def _close(gateway: Gateway, incident: incidents.Incident) -> None:
    path = f"/v1/incidents/{incident.incident_id}"
    if incident.state == incidents.INCIDENT_STATE_REPORTED:
        await _post(gateway, f"{path}:acknowledge", incidents.AcknowledgeIncidentResponse())
    answer = incidents.CloseIncidentResponse()
    await _post(gateway, f"{path}:close", answer, disposition=DRILL, note="Diễn tập / drill")


async def _until_restored(
    gateway: Gateway, premises_id: str, breathe: Breathe, waiting: Callable[[], None]
) -> None:
    looks = 0
    while burning := {
        alarm.device_id
        for alarm in await open_alarms(gateway, premises_id)
        if not alarm.HasField("restored_at")
    }:
        looks += 1
        if looks == PATIENT_LOOKS:
            waiting()
        if looks * LOOK_S > RESTORED_WITHIN_S:
            raise StillBurningError(burning)
        await breathe()
        await asyncio.sleep(LOOK_S)


async def _post(gateway: Gateway, path: str, answer: Message, **said: str) -> None:
    """Call a method; that somebody else was faster, or the alarm came back, shows at the next look."""
    body = {"request_id": str(uuid.uuid4()), **said}
    try:
        await gateway.post(path, answer, body)
    except RefusedError as refused:
        if refused.reason not in OVERTAKEN:
            raise
