"""Between the form of Open311 and the contract of `ServiceRequestsService`, both ways."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis import context
from chassis.clock import WARD_TIME, ward_local
from gateway.routes.open311.documents import Document
from gateway.routes.open311.refusals import RefusedError
from gateway.transcoder.requests import with_plus
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import reports_pb2
from ward.incidents.v1 import service_requests_pb2 as pb

_STATUSES = {
    "open": pb.SERVICE_REQUEST_STATUS_OPEN,
    "closed": pb.SERVICE_REQUEST_STATUS_CLOSED,
}
_ATTRIBUTE, _END = "attribute[", "]"
# The fields of a form that have a place in the contract; what else the standard knows is of no use to the ward.
_UNUSED = frozenset(
    {"api_key", "jurisdiction_id", "address_id", "device_id", "account_id", "zipcode"}
)
_KNOWN = _UNUSED | {
    "service_code",
    "description",
    "address_string",
    "lat",
    "long",
    "email",
    "first_name",
    "last_name",
    "phone",
    "media_url",
}


def services_document(answer: pb.ListPublicServicesResponse) -> Document:
    """Write the services."""
    return Document("services", [_service(one) for one in answer.services])


def definition_document(answer: pb.ListPublicServicesResponse, service_code: str) -> Document:
    """Write what a service asks; raises RefusedError for one that is not there."""
    for service in answer.services:
        if service.service_code == service_code:
            attributes = [
                _attribute(order, one) for order, one in enumerate(service.attributes, 1)
            ]
            return Document(
                "service_definition", {"service_code": service_code, "attributes": attributes}
            )
    raise RefusedError(404, "service_code was not found / Không có dịch vụ này.")


def requests_document(requests: Sequence[pb.ServiceRequest]) -> Document:
    """Write requests."""
    return Document("service_requests", [_request(one) for one in requests])


def receipt_document(answer: pb.SubmitServiceRequestResponse) -> Document:
    """Write the receipt of a request; what to do now is its notice."""
    receipt = {
        "service_request_id": answer.receipt.number,
        "service_notice": answer.receipt.advice,
        "account_id": None,
    }
    return Document("service_requests", [receipt], 201)


def token_document(requests: Sequence[pb.ServiceRequest]) -> Document:
    """Write which request a token stands for: a request has its number at once, which is its own token."""
    told = [{"service_request_id": one.number, "token": one.number} for one in requests]
    return Document("service_requests", told)


def read_form(form: Mapping[str, str]) -> pb.SubmitServiceRequestRequest:
    """Read a request to take in; raises RefusedError."""
    answers = {name: value for name, value in form.items() if name.startswith(_ATTRIBUTE)}
    if unknown := form.keys() - _KNOWN - answers.keys():
        raise RefusedError(400, f"{len(unknown)} unknown fields / trường không được biết đến")
    if not form.get("service_code"):
        raise RefusedError(400, "service_code was not provided / Thiếu service_code.")
    name = " ".join(filter(None, (form.get("last_name"), form.get("first_name"))))
    reporter = reports_pb2.Reporter(
        full_name=name, phone=form.get("phone", ""), email=form.get("email", "")
    )
    return pb.SubmitServiceRequestRequest(
        # Whoever repeats a call under its X-Request-Id gets the first receipt again.
        request_id=context.request_id.get(),
        service_code=form["service_code"],
        description=form.get("description", ""),
        address=form.get("address_string", ""),
        position=_position(form.get("lat", ""), form.get("long", "")),
        answers=[
            pb.ServiceAnswer(code=field.removeprefix(_ATTRIBUTE).removesuffix(_END), value=value)
            for field, value in answers.items()
        ],
        reporter=reporter if reporter.ByteSize() else None,
        media_url=form.get("media_url", ""),
    )


def read_filter(query: Mapping[str, str]) -> pb.ListServiceRequestsRequest:
    """Read which requests are asked for; raises RefusedError."""
    asked = pb.ListServiceRequestsRequest(
        numbers=_listed(query.get("service_request_id", "")),
        service_codes=_listed(query.get("service_code", "")),
        start=_moment("start_date", query.get("start_date", "")),
        end=_moment("end_date", query.get("end_date", "")),
    )
    wanted = set(_listed(query.get("status", "")))
    if not wanted <= _STATUSES.keys():
        raise RefusedError(400, "status is open or closed / status là open hoặc closed.")
    if len(wanted) == 1:
        asked.status = _STATUSES[wanted.pop()]
    return asked


def _service(service: pb.PublicService) -> dict[str, Any]:
    return {
        "service_code": service.service_code,
        "service_name": service.name_vi,
        "description": service.description,
        "metadata": bool(service.attributes),
        "type": "realtime",
        "keywords": ",".join(service.keywords),
        "group": service.group,
    }


def _attribute(order: int, attribute: pb.ServiceAttribute) -> dict[str, Any]:
    return {
        "variable": True,
        "code": attribute.code,
        "datatype": "number" if attribute.is_number else "string",
        "required": attribute.required,
        "datatype_description": attribute.datatype_description,
        "order": order,
        "description": attribute.description,
    }


def _request(request: pb.ServiceRequest) -> dict[str, Any]:
    """Write a request; description, address and media are never public."""
    there = request.HasField("position")
    is_open = request.status == pb.SERVICE_REQUEST_STATUS_OPEN
    return {
        "service_request_id": request.number,
        "status": "open" if is_open else "closed",
        "status_notes": request.status_notes,
        "service_name": request.service_name,
        "service_code": request.service_code,
        "description": None,
        "agency_responsible": request.agency_responsible,
        "service_notice": None,
        "requested_datetime": _written(request.requested_at),
        "updated_datetime": _written(request.updated_at),
        "expected_datetime": (
            _written(request.expected_at) if request.HasField("expected_at") else None
        ),
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": request.position.latitude if there else None,
        "long": request.position.longitude if there else None,
        "media_url": None,
    }


def _written(moment: Timestamp) -> str:
    """Write a moment as W3C does, to the second, in the ward's time."""
    told = ward_local(moment.ToDatetime(UTC))
    return told.isoformat(timespec="seconds")


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _moment(field: str, text: str) -> Timestamp | None:
    if not text:
        return None
    moment = Timestamp()
    try:
        told = datetime.fromisoformat(with_plus(text))
        # A date or time without an offset is the ward's.
        moment.FromDatetime(told if told.tzinfo else told.replace(tzinfo=WARD_TIME))
    except (ValueError, OverflowError) as error:
        raise RefusedError(400, f"{field}: W3C, 2026-01-01T00:00:00Z") from error
    return moment


def _position(latitude: str, longitude: str) -> fire_safety_pb2.Position | None:
    if not latitude and not longitude:
        return None
    try:
        return fire_safety_pb2.Position(latitude=float(latitude), longitude=float(longitude))
    except ValueError as error:
        raise RefusedError(400, "lat, long: degrees north and east (WGS 84)") from error
