"""Public warnings at the running service: issued, updated, cancelled, and told to whom they concern."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from chassis.clock import utc_now
from chassis.storage.database import Database
from incidents import tables
from tests.incidents.conftest import Service
from tests.incidents.samples import rows, stamp
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2, reports_pb2
from ward.incidents.v1 import public_alerts_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


def words(language: str) -> pb.AlertText:
    """Say in a language what happens; which one can be told from it."""
    return pb.AlertText(
        event=f"Cháy {language}",
        headline=f"Cháy lớn {language}",
        description=f"Khói nhiều {language}",
        instruction=f"Đóng cửa sổ {language}",
        area=f"Tổ 4 {language}",
    )


def content(**fields: Any) -> pb.AlertContent:
    """Make a whole warning; every field may be said otherwise."""
    said = {
        "category": pb.ALERT_CATEGORY_FIRE,
        "urgency": pb.ALERT_URGENCY_IMMEDIATE,
        "severity": pb.ALERT_SEVERITY_SEVERE,
        "certainty": pb.ALERT_CERTAINTY_OBSERVED,
        "responses": [pb.ALERT_RESPONSE_SHELTER],
        "vi": words("vi"),
        "en": words("en"),
        "circle": pb.AlertCircle(
            centre=fire.Position(latitude=20.9, longitude=106.3), radius_km=0.5
        ),
    }
    return pb.AlertContent(**{**said, **fields})


def issue(**fields: Any) -> pb.IssuePublicAlertRequest:
    """Make a warning for an hour; every field may be said otherwise."""
    said = {
        "request_id": str(uuid4()),
        "expires_at": stamp(utc_now() + timedelta(hours=1)),
        "content": content(),
    }
    return pb.IssuePublicAlertRequest(**{**said, **fields})


def cancel(number: str) -> pb.CancelPublicAlertRequest:
    """Take a warning back."""
    return pb.CancelPublicAlertRequest(
        request_id=str(uuid4()), number=number, reason_vi="Hết nguy hiểm", reason_en="All clear"
    )


async def in_force(service: Service, role: str = "service", **asked: Any) -> list[pb.PublicAlert]:
    """List the messages in force."""
    answer = await service.call("ListPublicAlerts", pb.ListPublicAlertsRequest(**asked), role)
    return list(answer.alerts)


async def test_an_update_and_a_cancellation_refer_to_all_before_them(
    service: Service, database: Database
) -> None:
    """Of a warning the last message is in force; a repeat sends nothing twice; a cancelled one has no successor."""
    asked = issue()
    first = (await service.call("IssuePublicAlert", asked)).alert
    again = (await service.call("IssuePublicAlert", asked)).alert
    update = pb.UpdatePublicAlertRequest(
        request_id=str(uuid4()),
        number=first.number,
        expires_at=stamp(utc_now() + timedelta(hours=2)),
        content=content(severity=pb.ALERT_SEVERITY_MINOR),
    )
    second = (await service.call("UpdatePublicAlert", update)).alert
    third = (await service.call("CancelPublicAlert", cancel(second.number))).alert
    refused = [
        (await service.refusal("CancelPublicAlert", cancel(one.number))).reason
        for one in (first, second, third)
    ]
    unknown = await service.refusal("CancelPublicAlert", cancel("CB-2026-999999"))
    unheard = await service.refusal("GetPublicAlert", pb.GetPublicAlertRequest(number="CB\n"))
    unwritable = await service.refusal("GetPublicAlert", pb.GetPublicAlertRequest(number="CB\0"))

    assert again == first
    assert [one.number for one in second.references] == [first.number]
    assert [one.number for one in third.references] == [first.number, second.number]
    assert third.message_type == pb.ALERT_MESSAGE_TYPE_CANCEL
    assert third.content.responses == [pb.ALERT_RESPONSE_ALL_CLEAR]
    assert third.content.vi.description == "Hết nguy hiểm"
    assert third.content.vi.area == "Tổ 4 vi"
    assert third.expires_at == second.expires_at
    assert await in_force(service) == [third]
    assert refused == ["PUBLIC_ALERT_ENDED"] * 3
    assert unknown.reason == unheard.reason == "PUBLIC_ALERT_NOT_FOUND"
    assert unwritable.reason == "FIELD_INVALID"
    assert len(await rows(database, tables.public_alerts)) == 3


async def test_of_two_updates_at_once_one_counts(service: Service) -> None:
    """The other learns that the message was replaced; nobody refers to half of a warning."""
    first = (await service.call("IssuePublicAlert", issue())).alert
    updates = [
        pb.UpdatePublicAlertRequest(
            request_id=str(uuid4()),
            number=first.number,
            expires_at=first.expires_at,
            content=content(),
        )
        for _ in range(3)
    ]
    answers = await asyncio.gather(
        *(service.call("UpdatePublicAlert", one) for one in updates), return_exceptions=True
    )

    assert sum(isinstance(one, pb.UpdatePublicAlertResponse) for one in answers) == 1
    assert len(await in_force(service)) == 1


async def test_an_exercise_is_told_to_officers_only(service: Service) -> None:
    """Not in the list for everybody, not by its number, and its cancellation neither."""
    drill = (await service.call("IssuePublicAlert", issue(exercise=True))).alert
    ended = (await service.call("CancelPublicAlert", cancel(drill.number))).alert
    by_number = await service.refusal(
        "GetPublicAlert", pb.GetPublicAlertRequest(number=drill.number), "service"
    )
    listed = await service.refusal(
        "ListPublicAlerts", pb.ListPublicAlertsRequest(exercise=True), "citizen"
    )

    assert ended.exercise
    assert await in_force(service) == []
    assert await in_force(service, "responder", exercise=True) == [ended]
    assert by_number.reason == "PUBLIC_ALERT_NOT_FOUND"
    assert listed.reason == "ROLE_NOT_ALLOWED"


async def test_the_timeline_tells_that_the_public_was_warned(service: Service) -> None:
    """With number and act, once for each message; what is told of the warning names neither incident nor officer."""
    report = reports_pb2.CreateReportRequest(
        request_id=str(uuid4()), category="fire", description="cháy", address="Tổ 4"
    )
    report.channel = reports_pb2.REPORT_CHANNEL_TELEPHONE
    incident_id = (await service.call("CreateReport", report)).incident_id
    alert = (await service.call("IssuePublicAlert", issue(incident_id=incident_id))).alert
    await service.call("CancelPublicAlert", cancel(alert.number))
    read = await service.call(
        "GetIncident", incidents_pb2.GetIncidentRequest(incident_id=incident_id)
    )
    told = [one.text for one in read.timeline if one.kind == "public_alert"]

    assert told[0] == f"Phát cảnh báo công cộng {alert.number}."
    assert told[1].startswith("Hủy cảnh báo công cộng CB-")
    assert incident_id not in str(alert)
    assert "demo" not in str(alert)


async def test_what_is_wrong_or_would_last_too_long_is_refused(
    service: Service, database: Database
) -> None:
    """Identification numbers, half a text, an open polygon, a time that limit or calendar has not; nothing is stored.

    What begins when it has ended tells nobody when to expect it, and what no calendar has could never be told.
    """
    corner = fire.Position(latitude=20.9, longitude=106.3)
    number = words("vi")
    number.description = "Người có số 999099000001"
    half = words("en")
    half.headline = ""
    wrong = [
        issue(content=content(vi=number)),
        issue(content=content(en=half)),
        issue(content=content(category=pb.ALERT_CATEGORY_UNSPECIFIED)),
        issue(content=content(polygon=[corner, corner, corner])),
        issue(content=content(circle=pb.AlertCircle(centre=corner, radius_km=0))),
        issue(content=content(onset=stamp(utc_now() + timedelta(hours=2)))),
        issue(content=content(onset=Timestamp(seconds=10**15))),
        issue(expires_at=stamp(utc_now() + timedelta(hours=73))),
        issue(expires_at=stamp(utc_now() - timedelta(hours=1))),
    ]
    reasons = [(await service.refusal("IssuePublicAlert", one)).reason for one in wrong]

    assert reasons == ["FIELD_INVALID"] * len(wrong)
    assert await rows(database, tables.public_alerts) == []


async def test_no_message_is_ever_changed(service: Service, database: Database) -> None:
    """The service has not the right to."""
    await service.call("IssuePublicAlert", issue())
    with pytest.raises(Exception, match="permission denied"):
        async with database.transaction() as tx:
            await tx.execute(text("update public_alerts set exercise = true"))
