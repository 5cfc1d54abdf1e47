"""What everybody is told of on-scene reports, at the running service and in the domain."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FieldInvalidError
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.reports.service_requests import listing_span
from tests.incidents.conftest import Service
from tests.incidents.samples import rows, stamp
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2, lifecycle_pb2, reports_pb2
from ward.incidents.v1 import service_requests_pb2 as pb

SCRIPT = "<script>alert(1)</script>"
LONGEST = timedelta(days=90)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def request(service_code: str = "on_scene", **fields: Any) -> pb.SubmitServiceRequestRequest:
    """Make a request; every field may be said otherwise."""
    said = {
        "request_id": str(uuid4()),
        "service_code": service_code,
        "description": f"nắp cống vỡ {SCRIPT}",
        "address": f"số 1 phố Thử Nghiệm {SCRIPT}",
        "position": fire.Position(latitude=20.912345, longitude=106.312345),
        "reporter": reports_pb2.Reporter(full_name="Người Giả Định", phone="0100 000 001"),
    }
    return pb.SubmitServiceRequestRequest(**{**said, **fields})


def accident(**answers: str) -> pb.SubmitServiceRequestRequest:
    """Make a report of a road accident with these answers."""
    told = [pb.ServiceAnswer(code=code, value=value) for code, value in answers.items()]
    return request("road_accident", answers=told)


async def told(service: Service, **asked: Any) -> list[pb.ServiceRequest]:
    """List requests as the gateway does for everybody."""
    listing = pb.ListServiceRequestsRequest(**asked)
    return list((await service.call("ListServiceRequests", listing, "service")).requests)


@pytest.mark.postgres
@pytest.mark.nats
async def test_everybody_is_told_how_far_a_request_is_and_nothing_that_was_written(
    service: Service,
) -> None:
    """Its place is coarse; of feedback there is none. Who may see the report reads the script as text."""
    seen = (await service.call("SubmitServiceRequest", request(), "citizen")).receipt
    unseen = (await service.call("SubmitServiceRequest", request("feedback"), "citizen")).receipt
    first, second = await told(service)
    [one] = await told(service, numbers=[seen.number])
    whole = await service.call("GetReport", reports_pb2.GetReportRequest(report_id=seen.report_id))

    assert (first.number, second.number) == (unseen.number, seen.number)
    assert one == second
    assert one.status == pb.SERVICE_REQUEST_STATUS_OPEN
    assert one.status_notes == "Đã nhận, chờ tiếp nhận xử lý."
    assert one.position == fire.Position(latitude=20.9123, longitude=106.3123)
    assert not first.HasField("position")
    assert one.HasField("expected_at")
    for secret in ("script", "Thử Nghiệm", "Giả Định", "0100 000 001"):
        assert secret not in str(first) + str(second)
    assert whole.description == f"nắp cống vỡ {SCRIPT}"


@pytest.mark.postgres
@pytest.mark.nats
async def test_crime_reports_tips_and_fires_are_no_services(service: Service) -> None:
    """They are not offered, not taken in, and not listed, whatever number is asked for."""
    offered = await service.call("ListPublicServices", pb.ListPublicServicesRequest(), "service")
    refusals = [
        await service.refusal("SubmitServiceRequest", request(code), "citizen")
        for code in ("crime_information", "anti_drug_tip", "fire", "no_such_code", "a\nb")
    ]
    crime = reports_pb2.CreateReportRequest(
        request_id=str(uuid4()), category="crime_information", description="x", address="y"
    )
    receipt = (await service.call("CreateReport", crime, "citizen")).receipt

    assert [one.service_code for one in offered.services] == [
        "feedback",
        "on_scene",
        "petition",
        "road_accident",
        "urban_order",
    ]
    assert {refusal.reason for refusal in refusals} == {"CATEGORY_NOT_FOUND"}
    assert await told(service, numbers=[receipt.number]) == []
    assert await told(service) == []


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_road_accident_is_asked_for_its_counts(
    service: Service, database: Database
) -> None:
    """Required ones must be told, as whole numbers, once, and to questions that were asked."""
    await service.call("SubmitServiceRequest", accident(vehicles="2", injured="1"), "citizen")
    wrong = [
        accident(vehicles="2"),
        accident(vehicles="hai", injured="1"),
        accident(vehicles="99999999999", injured="1"),
        accident(vehicles="2", injured="1", driver="x"),
        request(answers=[pb.ServiceAnswer(code="vehicles", value="1")]),
        request(media_url="http://192.0.2.1/a.jpg"),
    ]
    refusals = [await service.refusal("SubmitServiceRequest", one, "citizen") for one in wrong]
    [stored] = await rows(database, tables.road_accidents)

    assert (stored.vehicles, stored.injured, stored.fatalities) == (2, 1, 0)
    assert [one.reason for one in refusals] == ["FIELD_INVALID"] * len(wrong)


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_request_is_closed_with_its_incident_and_found_by_its_state(
    service: Service,
) -> None:
    """Pages follow each other; a span of 91 days is refused."""
    numbers = [
        (await service.call("SubmitServiceRequest", request(), "citizen")).receipt.number
        for _ in range(3)
    ]
    [incident] = [
        one.incident_id
        for one in (await service.call("ListReports", reports_pb2.ListReportsRequest())).reports
        if one.number == numbers[0]
    ]
    who = {"incident_id": incident}
    await service.call(
        "AcknowledgeIncident",
        incidents_pb2.AcknowledgeIncidentRequest(request_id=str(uuid4()), **who),
    )
    await service.call(
        "ResolveIncident", lifecycle_pb2.ResolveIncidentRequest(request_id=str(uuid4()), **who)
    )
    closed = await told(service, status=pb.SERVICE_REQUEST_STATUS_CLOSED)
    still_open = await told(service, status=pb.SERVICE_REQUEST_STATUS_OPEN)
    page = await service.call(
        "ListServiceRequests", pb.ListServiceRequestsRequest(page_size=2), "citizen"
    )
    following = pb.ListServiceRequestsRequest(page_token=page.next_page_token)
    rest = (await service.call("ListServiceRequests", following, "citizen")).requests
    too_long = await service.refusal(
        "ListServiceRequests",
        pb.ListServiceRequestsRequest(start=stamp(NOW), end=stamp(NOW + timedelta(days=91))),
        "citizen",
    )

    assert [one.number for one in closed] == [numbers[0]]
    assert closed[0].updated_at.ToDatetime() > closed[0].requested_at.ToDatetime()
    assert {one.number for one in still_open} == set(numbers[1:])
    assert [one.number for one in [*page.requests, *rest]] == numbers[::-1]
    assert too_long.reason == "FIELD_INVALID"


def test_a_listing_may_be_asked_for_from_either_end_of_the_calendar() -> None:
    """Nothing was asked for in the year 1, and nothing will have begun in 9999: neither is an error of the service."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

    assert listing_span(None, first, NOW, LONGEST) == (first, first)
    with pytest.raises(FieldInvalidError):
        listing_span(last, None, NOW, LONGEST)


@given(start=st.none() | MOMENTS, end=st.none() | MOMENTS)
def test_a_listing_never_spans_more_than_is_allowed(
    start: datetime | None, end: datetime | None
) -> None:
    """What is told is kept; what is not is settled so that the span is as long as it may be, or ends now."""
    try:
        settled = listing_span(start, end, NOW, LONGEST)
    except FieldInvalidError:
        assert start is not None
        told_end = end or min(NOW, start + LONGEST)
        assert not timedelta(0) <= told_end - start <= LONGEST
        return

    assert timedelta(0) <= settled[1] - settled[0] <= LONGEST
    assert start in (None, settled[0])
    assert end in (None, settled[1])
