"""Handing incidents over: requests, what is told, and what is said to and by the city's dispatch centre."""

from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.privacy import may_hold_id_number
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.incidents.incident import Incident
from incidents.domain.lifecycle.handovers import (
    CentreAnswer,
    Handover,
    HandoverState,
    HandoverWanted,
)
from incidents.wire.fields import plain_text, read_id, read_reason
from incidents.wire.incidents import timestamp
from ward.dispatch.v1 import dispatch_pb2
from ward.incidents.v1 import handovers_pb2 as pb

_REFERENCE_MAX, _REMARK_MAX = 64, 500
_STATES = {
    dispatch_pb2.OFFER_STATE_RECEIVED: HandoverState.OFFERED,
    dispatch_pb2.OFFER_STATE_ACCEPTED: HandoverState.ACCEPTED,
    dispatch_pb2.OFFER_STATE_REJECTED: HandoverState.REJECTED,
    dispatch_pb2.OFFER_STATE_ON_SCENE: HandoverState.ON_SCENE,
    dispatch_pb2.OFFER_STATE_DISPOSED: HandoverState.DISPOSED,
}


def read_offer(request: pb.OfferHandoverRequest, account: str) -> HandoverWanted:
    """Read an incident to offer; raises FieldInvalidError."""
    check_request_id(request.request_id)
    return HandoverWanted(
        incident_id=read_id(request.incident_id),
        account=account,
        request_id=request.request_id,
        digest=digest_of(request),
        summary=read_reason(request.summary, "summary"),
    )


def handover_message(handover: Handover) -> pb.Handover:
    """Write an offer."""
    return pb.Handover(
        handover_id=str(handover.handover_id),
        incident_id=str(handover.incident_id),
        state=pb.HandoverState.Value(f"HANDOVER_STATE_{handover.state}"),
        summary=handover.summary,
        offered_by=handover.offered_by,
        offered_at=timestamp(handover.offered_at),
        changed_at=timestamp(handover.changed_at),
        centre_reference=handover.centre_reference,
        remark=handover.remark,
        unanswered=handover.unanswered,
    )


def offer_message(handover: Handover, incident: Incident) -> dispatch_pb2.OfferIncidentRequest:
    """Write what the centre is told of an incident."""
    where = incident.position
    return dispatch_pb2.OfferIncidentRequest(
        offer_id=str(handover.handover_id),
        ward_code=incident.ward_code,
        incident_number=incident.number,
        kind=incident.kind,
        priority=incident.priority,
        place=incident.place,
        address=incident.address,
        latitude=where.latitude if where else None,
        longitude=where.longitude if where else None,
        opened_at=timestamp(incident.opened_at),
        summary=handover.summary,
    )


def read_status(status: dispatch_pb2.OfferStatus, handover_id: UUID) -> CentreAnswer | None:
    """Read what the centre says of an offer; None for another offer, or in words that nobody knows."""
    state = _STATES.get(status.state)
    if status.offer_id != str(handover_id) or state is None:
        return None
    return CentreAnswer(
        state,
        _said(status.centre_reference, _REFERENCE_MAX),
        _said(status.remark, _REMARK_MAX),
    )


def _said(text: str, longest: int) -> str:
    """Keep a text of the centre, unless the timeline could never lose it again."""
    try:
        return "" if may_hold_id_number(text) else plain_text("remark", text, longest)
    except FieldInvalidError:
        return ""
