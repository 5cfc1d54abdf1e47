"""Requests, checked field by field."""

import re
from datetime import datetime
from uuid import UUID

from chassis import pages
from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.idempotency import check_request_id, digest_of
from chassis.privacy import may_hold_id_number
from incidents.domain.incidents import Disposition, Incident, IncidentNotFoundError
from incidents.domain.requests import Acknowledgement, Assignment, Closure, Listing
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2

_ASSIGNEE_MAX = 120
_TASK_MAX = 500
_NOTE_MAX = 2000
_PREMISES_ID_MAX = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def read_id(incident_id: str) -> UUID:
    """Read an incident's id; one that cannot be ours is not found, like any other unknown one."""
    try:
        return UUID(incident_id)
    except ValueError as error:
        raise IncidentNotFoundError from error


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
    assignee = request.assignee.strip()
    if not assignee or "\n" in assignee:
        raise FieldInvalidError("assignee", f"1 to {_ASSIGNEE_MAX} characters in one line")
    return Assignment(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        assignee=_kept_text("assignee", assignee, _ASSIGNEE_MAX),
        task=_kept_text("task", request.task, _TASK_MAX),
    )


def read_closure(request: incidents_pb2.CloseIncidentRequest, account: str) -> Closure:
    """Read what an incident turned out to be."""
    check_request_id(request.request_id)
    return Closure(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        disposition=_disposition(request.disposition),
        note=_kept_text("note", request.note, _NOTE_MAX),
    )


def read_listing(request: incidents_pb2.ListIncidentsRequest) -> Listing:
    """Read which page of which incidents is asked for."""
    return Listing(
        open_only=request.open_only,
        premises_id=_text("premises_id", request.premises_id, _PREMISES_ID_MAX),
        size=pages.page_size(request.page_size),
        after=_position(request.page_token),
    )


def page_token(last: Incident) -> str:
    """Make the token of the page that follows an incident."""
    return pages.encode(last.opened_at.isoformat(), str(last.incident_id))


def _position(token: str) -> tuple[datetime, UUID] | None:
    key = pages.decode(token, 2)
    if key is None:
        return None
    try:
        opened_at, incident_id = datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError as error:
        raise PageTokenInvalidError from error
    if opened_at.tzinfo is None:
        raise PageTokenInvalidError
    return opened_at, incident_id


def _disposition(number: int) -> Disposition:
    try:
        name = fire_safety_pb2.Disposition.Name(number)  # type: ignore[arg-type]
        return Disposition(name.removeprefix("DISPOSITION_"))
    except ValueError as error:
        raise FieldInvalidError("disposition", "what it turned out to be is required") from error


def _kept_text(field: str, text: str, longest: int) -> str:
    """Read what goes into the timeline and the events, where it can never be taken out again."""
    if may_hold_id_number(text):
        raise FieldInvalidError(field, "no identification numbers")
    return _text(field, text, longest)


def _text(field: str, text: str, longest: int) -> str:
    if len(text) > longest or _CONTROL.search(text):
        raise FieldInvalidError(field, f"at most {longest} characters, no control characters")
    return text.strip()
