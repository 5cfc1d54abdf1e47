"""The service as its callers see it: a real gRPC server, PostgreSQL, NATS and tokens."""

from uuid import uuid4

import pytest
from google.protobuf.message import Message

from chassis.clock import utc_now
from chassis.storage.database import Database
from incidents import tables
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    closure,
    occupancy,
    premises,
    raise_alarm,
    rows,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

OFFICERS = {"duty_officer", "fire_officer"}
READERS = OFFICERS | {"ward_executive", "responder", "service"}
ALLOWED = {
    "GetIncident": (pb.GetIncidentRequest, READERS),
    "ListIncidents": (pb.ListIncidentsRequest, READERS),
    "GetRescueBrief": (pb.GetRescueBriefRequest, READERS - {"ward_executive"}),
    "AcknowledgeIncident": (pb.AcknowledgeIncidentRequest, OFFICERS | {"ward_executive"}),
    "AssignIncident": (pb.AssignIncidentRequest, OFFICERS),
    "CloseIncident": (pb.CloseIncidentRequest, OFFICERS),
    "DiscloseOccupants": (pb.DiscloseOccupantsRequest, {"duty_officer"}),
}
OTHERS = {"administrator", "citizen", "group_head", "residence_officer", "premises_manager"}


@pytest.fixture
def clock() -> StoppedClock:
    """Give the time at which the test began, as the running service has it."""
    return StoppedClock(utc_now())


async def test_an_incident_lives_from_report_to_close(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """Read, taken on, assigned and closed over gRPC; the timeline tells all of it in Vietnamese."""
    incident_id = str((await raise_alarm(operations, queries, "alarm-1")).incident_id)
    acknowledged = await service.call(
        "AcknowledgeIncident",
        pb.AcknowledgeIncidentRequest(incident_id=incident_id, request_id="request-0001"),
    )
    assigned = await service.call(
        "AssignIncident",
        pb.AssignIncidentRequest(
            incident_id=incident_id, request_id="request-0002", assignee="Tổ 7", task="kiểm tra"
        ),
        "fire_officer",
    )
    closed = await service.call(
        "CloseIncident",
        pb.CloseIncidentRequest(
            incident_id=incident_id,
            request_id="request-0003",
            disposition=fire.DISPOSITION_NUISANCE,
            note="nấu ăn",
        ),
    )
    read = await service.call("GetIncident", pb.GetIncidentRequest(incident_id=incident_id))

    assert acknowledged.incident.state == pb.INCIDENT_STATE_ACKNOWLEDGED
    assert acknowledged.incident.acknowledged_by == "demo-duty-officer"
    assert assigned.incident.assignee == "Tổ 7"
    assert closed.incident.disposition == fire.DISPOSITION_NUISANCE
    assert read.incident == closed.incident
    assert read.incident.alarm_ids == ["alarm-1"]
    assert [entry.text for entry in read.timeline] == [
        "Mở vụ việc mức P2: báo động khói tại Bếp, tầng 2 (thiết bị TB-0001).",
        "Đã báo trực ban qua màn hình trực ban.",
        "Đã tiếp nhận vụ việc.",
        "Giao cho Tổ 7: kiểm tra",
        "Đóng vụ việc: báo động không do cháy (nấu ăn, hơi nước, bụi). Ghi chú: nấu ăn",
    ]
    assert read.timeline[3].actor == "demo-fire-officer"


async def test_a_repeated_write_gives_the_same_answer(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """And the same id for another write is refused."""
    incident_id = str((await raise_alarm(operations, queries)).incident_id)
    asked = pb.AcknowledgeIncidentRequest(incident_id=incident_id, request_id="request-0001")
    reused = pb.CloseIncidentRequest(
        incident_id=incident_id,
        request_id="request-0001",
        disposition=fire.DISPOSITION_TEST,
    )
    first = await service.call("AcknowledgeIncident", asked)
    again = await service.call("AcknowledgeIncident", asked)
    refused = await service.refusal("CloseIncident", reused)

    assert first == again
    assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")


async def test_errors_are_told_with_status_reason_and_a_vietnamese_sentence(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """One for each way in which a write can fail."""
    incident_id = (await raise_alarm(operations, queries)).incident_id
    named = {"incident_id": str(incident_id), "request_id": "request-0001"}
    good = {"disposition": fire.DISPOSITION_TEST}

    early = await service.refusal("CloseIncident", pb.CloseIncidentRequest(**named, **good))
    vague = await service.refusal("CloseIncident", pb.CloseIncidentRequest(**named))
    nobody = await service.refusal("AssignIncident", pb.AssignIncidentRequest(**named))
    await operations.acknowledge(acknowledgement(incident_id))
    await operations.close(closure(incident_id))
    late = await service.refusal("AcknowledgeIncident", pb.AcknowledgeIncidentRequest(**named))

    assert (early.code, early.reason) == ("FAILED_PRECONDITION", "INCIDENT_NOT_ACKNOWLEDGED")
    assert early.vietnamese == "Phải tiếp nhận vụ việc trước đã."
    assert (vague.code, vague.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert vague.vietnamese == "Trường «disposition» không hợp lệ."
    assert (nobody.code, nobody.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")
    assert (late.code, late.reason) == ("FAILED_PRECONDITION", "INCIDENT_CLOSED")
    assert late.vietnamese == "Vụ việc đã đóng."


async def test_an_unknown_incident_is_not_found_by_any_method(service: Service) -> None:
    """Whether the id could be one or not."""
    for incident_id in (str(uuid4()), "không có"):
        for method in ("GetIncident", "GetRescueBrief", "AcknowledgeIncident"):
            request = ALLOWED[method][0](incident_id=incident_id)
            if method == "AcknowledgeIncident":
                request.request_id = "request-0001"
            refused = await service.refusal(method, request)

            assert (refused.code, refused.reason) == ("NOT_FOUND", "INCIDENT_NOT_FOUND")
            assert refused.vietnamese == "Không tìm thấy vụ việc."


@pytest.mark.parametrize("method", ALLOWED)
async def test_only_the_roles_of_the_contract_are_let_in(service: Service, method: str) -> None:
    """An allowed role is answered or told what is wrong with the request; every other is refused."""
    kind, allowed = ALLOWED[method]
    request: Message = kind(page_size=-1) if method == "ListIncidents" else kind()
    reasons = {
        role: (await service.refusal(method, request, role)).reason
        for role in sorted(READERS | OTHERS)
    }

    assert {role for role, reason in reasons.items() if reason != "ROLE_NOT_ALLOWED"} == allowed


async def test_a_list_is_paged_newest_first(
    service: Service, operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Each incident once, over pages; only open ones, or only of one premises, where asked."""
    opened = []
    for number in range(5):
        clock.advance(1)
        incident = await raise_alarm(operations, queries, premises_id=f"premises-{number}")
        opened.append(str(incident.incident_id))
        if number == 2:
            await operations.acknowledge(acknowledgement(incident.incident_id))
            await operations.close(closure(incident.incident_id))
    listed, token = [], ""
    while True:
        page = await service.call(
            "ListIncidents", pb.ListIncidentsRequest(page_size=2, page_token=token)
        )
        listed += [incident.incident_id for incident in page.incidents]
        token = page.next_page_token
        if not token:
            break
    still_open = await service.call("ListIncidents", pb.ListIncidentsRequest(open_only=True))
    of_one = await service.call("ListIncidents", pb.ListIncidentsRequest(premises_id="premises-3"))

    assert listed == opened[::-1]
    assert [one.incident_id for one in still_open.incidents] == [*opened[:2], *opened[3:]][::-1]
    assert [one.incident_id for one in of_one.incidents] == [opened[3]]


async def test_a_look_at_the_brief_is_accounted_for(
    service: Service, operations: Operations, queries: Queries, database: Database
) -> None:
    """Who looked at which incident, also where the look was refused; the brief itself tells counts only."""
    await operations.take_premises(uuid4(), premises())
    await operations.take_occupancy(uuid4(), occupancy(registered=4))
    incident_id = str((await raise_alarm(operations, queries)).incident_id)
    asked = pb.GetRescueBriefRequest(incident_id=incident_id)
    answer = await service.call("GetRescueBrief", asked, "responder")
    await service.refusal("GetRescueBrief", asked, "citizen")
    records = await rows(database, tables.access_records, "recorded_at")

    assert answer.brief.people.registered == 4
    assert answer.brief.incident.incident_id == incident_id
    assert [(one.account, one.subject, one.outcome) for one in records] == [
        ("demo-responder", f"incident:{incident_id}", "OK"),
        ("demo-citizen", "unknown", "ROLE_NOT_ALLOWED"),
    ]


async def test_an_id_that_is_no_id_does_not_reach_the_access_log(
    service: Service, database: Database
) -> None:
    """It could hold anything."""
    asked = pb.GetRescueBriefRequest(incident_id="999090000001")
    await service.refusal("GetRescueBrief", asked)
    (record,) = await rows(database, tables.access_records)

    assert record.subject == "unknown"
    assert record.outcome == "INCIDENT_NOT_FOUND"
