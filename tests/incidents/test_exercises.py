"""Exercises: the brief and the work of an incident, marked wherever it is told, and nobody is notified."""

from typing import Any
from uuid import uuid4

import pytest

from chassis.storage.database import Database
from incidents import tables
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    Operations,
    Queries,
    occupancy,
    premises,
    raise_alarm,
    rows,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import exercises_pb2, lifecycle_pb2
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


def beginning(**fields: Any) -> exercises_pb2.BeginExerciseRequest:
    """Ask to begin an exercise."""
    said = {"request_id": "begin-0001", "premises_id": "premises-1", "scenario": "Cháy bếp tầng 2"}
    return exercises_pb2.BeginExerciseRequest(**{**said, **fields})


async def test_an_exercise_has_the_brief_and_tells_nobody(
    service: Service, operations: Operations, database: Database
) -> None:
    """Its place says what it is, nothing is due, names are not disclosed; begun once under one request id."""
    await operations.take_premises(uuid4(), premises())
    await operations.take_occupancy(uuid4(), occupancy(registered=3))
    for _ in range(2):
        begun = (await service.call("BeginExercise", beginning(), "fire_officer")).incident
    asked = pb.GetRescueBriefRequest(incident_id=begun.incident_id)
    brief = (await service.call("GetRescueBrief", asked)).brief
    names = pb.DiscloseOccupantsRequest(
        incident_id=begun.incident_id,
        request_id=str(uuid4()),
        reason="Khói dày ở tầng hai, cần gọi từng người",
    )
    refusal = await service.refusal("DiscloseOccupants", names)

    assert begun.exercise
    assert brief.incident.place == "[DIỄN TẬP] Chung cư Giả Định"
    assert brief.people.registered == 3
    assert list(brief.notifications) == []
    assert await rows(database, tables.escalations) == []
    assert len(await rows(database, tables.incidents)) == 1
    assert refusal.reason == "DISCLOSURE_NOT_ALLOWED"


async def test_a_real_alarm_during_an_exercise_opens_a_real_incident(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """Neither takes the other in: not the alarm, and not a merge."""
    await operations.take_premises(uuid4(), premises())
    begun = (await service.call("BeginExercise", beginning())).incident
    real = await raise_alarm(operations, queries)
    for incident_id in (begun.incident_id, str(real.incident_id)):
        request = pb.AcknowledgeIncidentRequest(incident_id=incident_id, request_id=str(uuid4()))
        await service.call("AcknowledgeIncident", request)
    merge = lifecycle_pb2.MergeIncidentRequest(
        incident_id=str(real.incident_id),
        into_incident_id=begun.incident_id,
        request_id=str(uuid4()),
        reason="cùng nơi",
    )
    refusal = await service.refusal("MergeIncident", merge)

    assert not real.exercise
    assert str(real.incident_id) != begun.incident_id
    assert refusal.reason == "INCIDENT_STATE_CONFLICT"


async def test_an_exercise_was_a_drill(service: Service, operations: Operations) -> None:
    """Closed as nothing else."""
    await operations.take_premises(uuid4(), premises())
    begun = (await service.call("BeginExercise", beginning())).incident
    take_on = pb.AcknowledgeIncidentRequest(incident_id=begun.incident_id, request_id=str(uuid4()))
    await service.call("AcknowledgeIncident", take_on)

    def close(disposition: fire.Disposition.ValueType) -> pb.CloseIncidentRequest:
        return pb.CloseIncidentRequest(
            incident_id=begun.incident_id, request_id=str(uuid4()), disposition=disposition
        )

    refusal = await service.refusal("CloseIncident", close(fire.DISPOSITION_FIRE))
    closed = await service.call("CloseIncident", close(fire.DISPOSITION_DRILL))

    assert refusal.reason == "FIELD_INVALID"
    assert closed.incident.state == pb.INCIDENT_STATE_CLOSED


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"premises_id": "nowhere"}, "PREMISES_NOT_FOUND"),
        ({"scenario": " "}, "FIELD_INVALID"),
        ({"scenario": "999170000012 bị kẹt"}, "FIELD_INVALID"),
    ],
)
async def test_an_exercise_says_where_and_what_is_assumed(
    service: Service, operations: Operations, fields: dict[str, str], reason: str
) -> None:
    """At premises that are known; the scenario names nobody."""
    await operations.take_premises(uuid4(), premises())

    assert (await service.refusal("BeginExercise", beginning(**fields))).reason == reason
