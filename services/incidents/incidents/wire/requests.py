"""Requests, checked field by field."""

from chassis.errors import FieldInvalidError
from chassis.rpc import pages
from chassis.rules import Rule
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.incidents.incident import Disposition, Incident
from incidents.domain.incidents.requests import Acknowledgement, Assignment, Closure, Listing
from incidents.domain.rules.kinds import IncidentKind
from incidents.wire.fields import (
    page_position,
    plain_text,
    read_assignee,
    read_enum,
    read_enum_or_none,
    read_id,
    read_note,
    read_task,
)
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2

_PREMISES_ID_MAX = 200


def read_acknowledgement(
    request: incidents_pb2.AcknowledgeIncidentRequest, account: str
) -> Acknowledgement:
    """Read who takes which incident on."""
    check_request_id(request.request_id)
    return Acknowledgement(
        read_id(request.incident_id), account, request.request_id, digest_of(request)
    )


def read_assignment(request: incidents_pb2.AssignIncidentRequest, account: str) -> Assignment:
    """Read who gets which task."""
    check_request_id(request.request_id)
    return Assignment(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        assignee=read_assignee(request.assignee),
        task=read_task(request.task),
    )


def read_closure(request: incidents_pb2.CloseIncidentRequest, account: str) -> Closure:
    """Read what an incident turned out to be."""
    check_request_id(request.request_id)
    return Closure(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        disposition=_disposition(request),
        note=read_note(request.note),
    )


def read_listing(request: incidents_pb2.ListIncidentsRequest) -> Listing:
    """Read which page of which incidents is asked for."""
    return Listing(
        open_only=request.open_only,
        premises_id=plain_text("premises_id", request.premises_id, _PREMISES_ID_MAX),
        size=pages.page_size(request.page_size),
        after=page_position(request.page_token),
        kind=read_enum_or_none("kind", incidents_pb2.IncidentKind, request.kind, IncidentKind),
    )


def page_token(last: Incident) -> str:
    """Make the token of the page that follows an incident."""
    return pages.encode(last.opened_at.isoformat(), str(last.incident_id))


def _disposition(request: incidents_pb2.CloseIncidentRequest) -> Disposition:
    """Read what it was: what a fire turned out to be, or else the outcome; the incident's kind says which is needed."""
    if request.disposition and request.outcome:
        raise FieldInvalidError(
            "outcome",
            Rule("kết luận hoặc kết quả, không cả hai", "either a disposition or an outcome"),
        )
    if request.outcome:
        return read_enum("outcome", incidents_pb2.Outcome, request.outcome, Disposition)
    return read_enum("disposition", fire_safety_pb2.Disposition, request.disposition, Disposition)
