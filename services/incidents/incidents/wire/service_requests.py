"""Service requests for everybody: requests, checked field by field, and what is told."""

import re
from datetime import datetime, timedelta

from google.protobuf.message import Message

from chassis.context import Identity
from chassis.errors import FieldInvalidError
from chassis.rpc.pages import encode, page_size
from chassis.rules import CALENDAR_MOMENT, Rule, at_most
from incidents.domain.incidents import sentences
from incidents.domain.reports.report import ReportWanted
from incidents.domain.reports.service_requests import (
    PublicService,
    ServiceAttribute,
    ServiceRequest,
    ServiceRequestListing,
    ServiceRequestStatus,
    listing_span,
)
from incidents.wire.fields import kept_text, page_position, plain_text, read_enum_or_none
from incidents.wire.incidents import moment, position_message, timestamp
from incidents.wire.reports import read_citizen_report
from ward.incidents.v1 import reports_pb2
from ward.incidents.v1 import service_requests_pb2 as pb

_ANSWER_MAX, _CODE_MAX, _FILTER_MAX, _MEDIA_URL_MAX = 100, 64, 100, 500
# More digits are no count, and no amount of money either.
_NUMBER = re.compile(r"[0-9]{1,11}")
_MEDIA_URL = re.compile(r"https://[!-~]+")


def read_service_request(
    request: pb.SubmitServiceRequestRequest,
    service: PublicService,
    caller: Identity,
    now: datetime,
) -> ReportWanted:
    """Read a request as the report of a citizen; raises FieldInvalidError."""
    report = reports_pb2.CreateReportRequest(
        request_id=request.request_id,
        category=request.service_code,
        description=_description(request),
        address=request.address,
        position=request.position if request.HasField("position") else None,
        reporter=request.reporter if request.HasField("reporter") else None,
    )
    if service.attributes:
        report.road_accident.CopyFrom(_road_accident(request, service))
    elif request.answers:
        raise FieldInvalidError(
            "answers", Rule("dịch vụ này không hỏi gì", "the service asks nothing")
        )
    return read_citizen_report(report, caller, now)


def read_listing(
    request: pb.ListServiceRequestsRequest, now: datetime, longest: timedelta
) -> ServiceRequestListing:
    """Read which page of which requests is asked for; raises FieldInvalidError."""
    if len(request.numbers) > _FILTER_MAX or len(request.service_codes) > _FILTER_MAX:
        raise FieldInvalidError("numbers", at_most(_FILTER_MAX))
    start, end = listing_span(_moment(request, "start"), _moment(request, "end"), now, longest)
    return ServiceRequestListing(
        numbers=tuple(plain_text("numbers", one, _CODE_MAX) for one in request.numbers),
        service_codes=tuple(
            plain_text("service_codes", one, _CODE_MAX) for one in request.service_codes
        ),
        start=start,
        end=end,
        status=read_enum_or_none(
            "status", pb.ServiceRequestStatus, request.status, ServiceRequestStatus
        ),
        size=page_size(request.page_size),
        after=page_position(request.page_token),
    )


def service_message(service: PublicService) -> pb.PublicService:
    """Write a service."""
    return pb.PublicService(
        service_code=service.category.code,
        name_vi=service.category.name_vi,
        name_en=service.category.name_en,
        description=service.description,
        keywords=service.keywords,
        group=service.group,
        call_first=service.category.call_first,
        attributes=[pb.ServiceAttribute(**vars(one)) for one in service.attributes],
    )


def page_message(requests: list[ServiceRequest], size: int) -> pb.ListServiceRequestsResponse:
    """Write a page of at most `size` of these requests; one more says that others follow."""
    token = ""
    if len(requests) > size:
        last = requests[size - 1]
        token = encode(last.requested_at.isoformat(), str(last.report_id))
    return pb.ListServiceRequestsResponse(
        requests=[_request_message(one) for one in requests[:size]], next_page_token=token
    )


def _request_message(request: ServiceRequest) -> pb.ServiceRequest:
    category = request.service.category
    return pb.ServiceRequest(
        number=request.number,
        status=pb.ServiceRequestStatus.Value(f"SERVICE_REQUEST_STATUS_{request.status}"),
        status_notes=sentences.standing(request.state),
        service_code=category.code,
        service_name=category.name_vi,
        agency_responsible=sentences.function(category.routed_to),
        requested_at=timestamp(request.requested_at),
        updated_at=timestamp(request.updated_at),
        expected_at=timestamp(request.expected_at),
        position=position_message(request.position),
    )


def _description(request: pb.SubmitServiceRequestRequest) -> str:
    if not request.media_url:
        return request.description
    if len(request.media_url) > _MEDIA_URL_MAX or not _MEDIA_URL.fullmatch(request.media_url):
        raise FieldInvalidError(
            "media_url",
            Rule(
                f"https, không quá {_MEDIA_URL_MAX} ký tự",
                f"https, at most {_MEDIA_URL_MAX} characters",
            ),
        )
    return f"{request.description}\n{request.media_url}".strip()


def _road_accident(
    request: pb.SubmitServiceRequestRequest, service: PublicService
) -> reports_pb2.RoadAccident:
    """Read the answers to the questions of a service, whose codes are the fields of an accident."""
    told = {one.code: one.value.strip() for one in request.answers}
    asked = {one.code: one for one in service.attributes}
    if len(told) < len(request.answers) or not told.keys() <= asked.keys():
        raise FieldInvalidError(
            "answers",
            Rule(
                "mỗi câu hỏi của dịch vụ một câu trả lời",
                "one answer to each question of the service",
            ),
        )
    missing = [one.code for one in service.attributes if one.required and not told.get(one.code)]
    if missing:
        raise FieldInvalidError(f"answers.{missing[0]}", Rule("phải trả lời", "must be answered"))
    accident = reports_pb2.RoadAccident()
    for code, value in told.items():
        if value:
            _answer(accident, asked[code], value)
    return accident


def _answer(accident: reports_pb2.RoadAccident, attribute: ServiceAttribute, value: str) -> None:
    """Enter one answer, a whole number or a text."""
    field = f"answers.{attribute.code}"
    if not attribute.is_number:
        setattr(accident, attribute.code, kept_text(field, value, _ANSWER_MAX))
        return
    if not _NUMBER.fullmatch(value):
        raise FieldInvalidError(field, Rule("một số nguyên", "a whole number"))
    try:
        setattr(accident, attribute.code, int(value))
    except ValueError:
        raise FieldInvalidError(field, Rule("một số nhỏ hơn", "a smaller number")) from None


def _moment(request: Message, field: str) -> datetime | None:
    if not request.HasField(field):
        return None
    try:
        return moment(getattr(request, field))
    except (ValueError, OverflowError) as error:
        raise FieldInvalidError(field, CALENDAR_MOMENT) from error
