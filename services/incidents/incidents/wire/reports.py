"""Reports: requests, checked field by field, and what is told of them."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.context import Identity
from chassis.errors import FieldInvalidError
from chassis.rpc.pages import encode, page_size
from chassis.rules import Rule, at_most, between, characters
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.incidents import sentences
from incidents.domain.places import Position
from incidents.domain.reports.report import (
    Content,
    Followed,
    InvolvedPerson,
    InvolvedRole,
    Receipt,
    Report,
    ReportChannel,
    Reporter,
    ReportListing,
    ReportNotFoundError,
    ReportWanted,
    RoadAccident,
    Split,
)
from incidents.domain.rules.catalogue import Reporter as ReporterKind
from incidents.wire.fields import (
    DEGREES_NORTH_AND_EAST,
    kept_text,
    page_position,
    plain_text,
    read_enum,
    read_id,
    read_past,
    read_reason,
)
from incidents.wire.incidents import timestamp
from incidents.wire.report_events import deadline_message, summary_message
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2, lifecycle_pb2
from ward.incidents.v1 import reports_pb2 as pb

# Heads of residential groups report as citizens do.
_OFFICERS = frozenset({"duty_officer", "fire_officer", "responder"})
_DESCRIPTION_MAX, _ADDRESS_MAX, _NAME_MAX, _PHONE_MAX, _ROAD_MAX = 4000, 300, 120, 30, 100
_CODE_MAX, _PREMISES_ID_MAX, _TOKEN_MAX = 64, 200, 64
_INVOLVED_MAX, _SPLIT_MAX = 20, 50
_COUNT_MAX, _DAMAGE_MAX = 1000, 10**15
_NORTH_MAX, _EAST_MAX = 90, 180


def read_report(request: pb.CreateReportRequest, caller: Identity, now: datetime) -> ReportWanted:
    """Read a report of whoever calls: an officer, or a citizen, who reports electronically and joins nothing."""
    is_officer = bool(caller.roles & _OFFICERS)
    if not is_officer and (request.premises_id or request.incident_id):
        raise FieldInvalidError(
            "incident_id",
            Rule(
                "cơ sở và vụ việc chỉ do cán bộ ghi",
                "premises and incidents are named by officers",
            ),
        )
    channel = ReportChannel.ELECTRONIC
    if is_officer:
        channel = read_enum("channel", pb.ReportChannel, request.channel, ReportChannel)
    return ReportWanted(
        **_common(request, now),
        by=ReporterKind.OFFICER if is_officer else ReporterKind.CITIZEN,
        account=caller.account,
        channel=channel,
        content=Content(
            description=_description(request.description),
            reporter=_reporter(request),
            involved=_involved(request),
        ),
        premises_id=plain_text("premises_id", request.premises_id, _PREMISES_ID_MAX),
        road_accident=_accident(request),
        incident_id=read_id(request.incident_id) if request.incident_id else None,
    )


def read_citizen_report(
    request: pb.CreateReportRequest, caller: Identity, now: datetime
) -> ReportWanted:
    """Read a report of whoever calls as that of a citizen, whatever other roles they have."""
    return read_report(request, replace(caller, roles=frozenset({"citizen"})), now)


def read_tip(request: pb.SubmitTipRequest, now: datetime) -> ReportWanted:
    """Read a tip; who calls is not looked at."""
    return ReportWanted(
        **_common(request, now),
        by=ReporterKind.ANONYMOUS,
        account="",
        channel=ReportChannel.ELECTRONIC,
        content=Content(_description(request.description)),
    )


def read_follow_up(request: pb.FollowReportRequest) -> tuple[str, str]:
    """Read number and token of a receipt."""
    return (
        plain_text("number", request.number, _TOKEN_MAX),
        plain_text("follow_up_token", request.follow_up_token, _TOKEN_MAX),
    )


def read_report_id(report_id: str) -> UUID:
    """Read a report's id; one that cannot be ours is not found, like any other unknown one."""
    try:
        return UUID(report_id)
    except ValueError as error:
        raise ReportNotFoundError from error


def read_listing(request: pb.ListReportsRequest) -> ReportListing:
    """Read which page of which reports is asked for."""
    return ReportListing(
        incident_id=read_id(request.incident_id) if request.incident_id else None,
        category=plain_text("category", request.category, _CODE_MAX),
        size=page_size(request.page_size),
        after=page_position(request.page_token),
    )


def read_split(request: lifecycle_pb2.SplitIncidentRequest, account: str) -> Split:
    """Read which reports are taken out of an incident."""
    check_request_id(request.request_id)
    if not 1 <= len(set(request.report_ids)) <= _SPLIT_MAX:
        raise FieldInvalidError(
            "report_ids", Rule(f"1 đến {_SPLIT_MAX} tin báo", f"1 to {_SPLIT_MAX} reports")
        )
    return Split(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        report_ids=tuple(sorted({read_report_id(one) for one in request.report_ids})),
        reason=read_reason(request.reason),
    )


def receipt_message(receipt: Receipt) -> pb.ReportReceipt:
    """Write a receipt; what to do now comes first."""
    report = receipt.report
    return pb.ReportReceipt(
        call_first=receipt.category.call_first,
        advice=sentences.advice(receipt.category.call_first),
        report_id=str(report.report_id),
        number=report.number,
        follow_up_token=receipt.token,
        received_at=timestamp(report.received_at),
        deadlines=[deadline_message(one, report.received_at) for one in report.deadlines],
    )


def report_message(report: Report, content: Content | None, now: datetime) -> pb.GetReportResponse:
    """Write a report with what it says, unless that is forgotten."""
    answer = pb.GetReportResponse(report=summary_message(report, now))
    if content is None:
        return answer
    answer.description = content.description
    if content.reporter is not None:
        answer.reporter.CopyFrom(pb.Reporter(**vars(content.reporter)))
    answer.involved.extend(
        pb.InvolvedPerson(
            role=pb.InvolvedRole.Value(f"INVOLVED_ROLE_{one.role}"),
            full_name=one.full_name,
            phone=one.phone,
        )
        for one in content.involved
    )
    return answer


def followed_message(followed: Followed, now: datetime) -> pb.FollowReportResponse:
    """Write how far a report is."""
    report = followed.report
    return pb.FollowReportResponse(
        number=report.number,
        received_at=timestamp(report.received_at),
        state=incidents_pb2.IncidentState.Value(f"INCIDENT_STATE_{followed.state}"),
        deadlines=[deadline_message(one, now) for one in report.deadlines],
    )


def page_message(reports: list[Report], size: int, now: datetime) -> pb.ListReportsResponse:
    """Write a page of at most `size` of these reports; one more says that others follow."""
    page, last = reports[:size], reports[size - 1 : size]
    token = ""
    if len(reports) > size:
        token = encode(last[0].received_at.isoformat(), str(last[0].report_id))
    return pb.ListReportsResponse(
        reports=[summary_message(report, now) for report in page], next_page_token=token
    )


def _common(request: Any, now: datetime) -> dict[str, Any]:  # noqa: ANN401 - both kinds of reports
    check_request_id(request.request_id)
    address = kept_text("address", request.address, _ADDRESS_MAX)
    position = _position(request.position) if request.HasField("position") else None
    if not address and position is None and not getattr(request, "premises_id", ""):
        raise FieldInvalidError(
            "address",
            Rule(
                "ở đâu: địa chỉ, tọa độ hoặc cơ sở",
                "where it is: an address, a position or premises",
            ),
        )
    return {
        "request_id": request.request_id,
        "digest": digest_of(request),
        "category": plain_text("category", request.category, _CODE_MAX),
        "address": address,
        "position": position,
        "occurred_at": read_past(request, "occurred_at", now),
    }


def _description(text: str) -> str:
    description = kept_text("description", text, _DESCRIPTION_MAX)
    if not description:
        raise FieldInvalidError("description", characters(1, _DESCRIPTION_MAX))
    return description


def _position(told: fire_safety_pb2.Position) -> Position:
    if not (abs(told.latitude) <= _NORTH_MAX and abs(told.longitude) <= _EAST_MAX):
        raise FieldInvalidError("position", DEGREES_NORTH_AND_EAST)
    return Position(told.latitude, told.longitude)


def _reporter(request: pb.CreateReportRequest) -> Reporter | None:
    if not request.HasField("reporter"):
        return None
    told = request.reporter
    return Reporter(
        full_name=kept_text("reporter.full_name", told.full_name, _NAME_MAX),
        phone=kept_text("reporter.phone", told.phone, _PHONE_MAX),
        email=kept_text("reporter.email", told.email, _NAME_MAX),
    )


def _involved(request: pb.CreateReportRequest) -> tuple[InvolvedPerson, ...]:
    if len(request.involved) > _INVOLVED_MAX:
        raise FieldInvalidError("involved", at_most(_INVOLVED_MAX))
    return tuple(
        InvolvedPerson(
            role=read_enum("involved.role", pb.InvolvedRole, one.role, InvolvedRole),
            full_name=kept_text("involved.full_name", one.full_name, _NAME_MAX),
            phone=kept_text("involved.phone", one.phone, _PHONE_MAX),
        )
        for one in request.involved
    )


def _accident(request: pb.CreateReportRequest) -> RoadAccident | None:
    if not request.HasField("road_accident"):
        return None
    told = request.road_accident
    for field in ("vehicles", "fatalities", "injured"):
        if getattr(told, field) > _COUNT_MAX:
            raise FieldInvalidError(f"road_accident.{field}", between(0, _COUNT_MAX))
    if told.damage_vnd > _DAMAGE_MAX:
        raise FieldInvalidError("road_accident.damage_vnd", between(0, _DAMAGE_MAX))
    return RoadAccident(
        vehicles=told.vehicles,
        fatalities=told.fatalities,
        injured=told.injured,
        damage_vnd=told.damage_vnd,
        road=kept_text("road_accident.road", told.road, _ROAD_MAX),
    )
