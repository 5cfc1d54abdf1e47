"""Breaking the glass: what is asked, what is announced, and the events of others that it rests on."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.broker.messages import Envelope, subject_of
from chassis.errors import FieldInvalidError, InvalidMessageError
from chassis.privacy import may_hold_id_number
from chassis.rpc.access import stated_purpose
from chassis.rules import WHY_WITHOUT_NAMES
from chassis.storage.idempotency import check_request_id, digest_of
from residency.domain.protection.break_glass import (
    BreakGlass,
    BreakGlassWanted,
    Incident,
    PremisesPlace,
)
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2
from ward.residency.v1 import lookups_pb2 as pb

IncidentEvent = (
    incidents_pb2.IncidentOpened
    | incidents_pb2.IncidentAlarmJoined
    | incidents_pb2.IncidentAcknowledged
    | incidents_pb2.IncidentAssigned
    | incidents_pb2.IncidentEscalated
    | incidents_pb2.IncidentMoved
    | incidents_pb2.IncidentClosed
)
INCIDENT_EVENTS: dict[str, type[IncidentEvent]] = {
    subject_of(kind): kind
    for kind in (
        incidents_pb2.IncidentOpened,
        incidents_pb2.IncidentAlarmJoined,
        incidents_pb2.IncidentAcknowledged,
        incidents_pb2.IncidentAssigned,
        incidents_pb2.IncidentEscalated,
        incidents_pb2.IncidentMoved,
        incidents_pb2.IncidentClosed,
    )
}
# In these an incident has ended, and nobody is told who is inside.
_ENDED = frozenset(
    {
        incidents_pb2.INCIDENT_STATE_RESOLVED,
        incidents_pb2.INCIDENT_STATE_CLOSED,
        incidents_pb2.INCIDENT_STATE_TRANSFERRED,
        incidents_pb2.INCIDENT_STATE_FALSE_ALARM,
        incidents_pb2.INCIDENT_STATE_DUPLICATE,
    }
)
PREMISES_CHANGED = subject_of(fire_safety_pb2.PremisesChanged)
_REASON = range(10, 501)
# What a bigint column holds.
_MAX_VERSION = 2**63 - 1


def wanted(request: pb.DiscloseOccupantsRequest) -> BreakGlassWanted:
    """Read who wants to know what, and why; raises FieldInvalidError."""
    check_request_id(request.request_id)
    reason = request.reason.strip()
    if len(reason) not in _REASON or not reason.isprintable() or may_hold_id_number(reason):
        raise FieldInvalidError("reason", WHY_WITHOUT_NAMES)
    return BreakGlassWanted(
        incident_id=request.incident_id,
        reference=stated_purpose(request).reference,
        reason=reason,
        request_id=request.request_id,
        digest=digest_of(request),
    )


def disclosed(
    broken: BreakGlass,
    dwellings: Sequence[pb.DisclosedDwelling],
    withheld: Sequence[pb.PersonField.ValueType],
    access_record_id: UUID,
) -> pb.DiscloseOccupantsResponse:
    """Write who is inside, until when it may be looked at again, and what is kept back."""
    return pb.DiscloseOccupantsResponse(
        dwellings=dwellings,
        withheld=withheld,
        review_id=str(broken.review_id),
        expires_at=_timestamp(broken.expires_at),
        access_record_id=str(access_record_id),
    )


def glass_broken(broken: BreakGlass, ward_code: str) -> pb.GlassBroken:
    """Write the announcement to the data protection officer; the reason stands in the review only."""
    return pb.GlassBroken(
        review_id=str(broken.review_id),
        incident_id=broken.incident_id,
        incident_number=broken.incident_number,
        building_id=str(broken.building_id),
        officer=broken.officer,
        opened_at=_timestamp(broken.opened_at),
        expires_at=_timestamp(broken.expires_at),
        ward_code=ward_code,
    )


def incident(envelope: Envelope) -> Incident:
    """Read what an event of an incident tells; raises InvalidMessageError."""
    with _decoding():
        told = INCIDENT_EVENTS[envelope.subject].FromString(envelope.payload).incident
    return Incident(
        incident_id=_identifier(told.incident_id),
        number=_clean(told.number),
        premises_id=_clean(told.premises_id),
        closed=told.state in _ENDED,
        version=_version(told.version),
    )


def premises_place(envelope: Envelope) -> PremisesPlace:
    """Read where premises are; raises InvalidMessageError."""
    with _decoding():
        premises = fire_safety_pb2.PremisesChanged.FromString(envelope.payload).premises
    try:
        building_id = UUID(premises.building_id)
    except ValueError:
        building_id = None
    return PremisesPlace(
        premises_id=_identifier(premises.premises_id),
        building_id=building_id,
        version=_version(premises.version),
        lodging=premises.kind == fire_safety_pb2.PREMISES_KIND_LODGING,
    )


@contextmanager
def _decoding() -> Generator[None]:
    try:
        yield
    except DecodeError as error:
        raise InvalidMessageError("not_protobuf") from error


def _identifier(text: str) -> str:
    if not text:
        raise InvalidMessageError("no_identifier")
    return _clean(text)


def _clean(text: str) -> str:
    # The one character that a message may hold and the database may not.
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _version(version: int) -> int:
    if version > _MAX_VERSION:
        raise InvalidMessageError("version_out_of_range")
    return version


def _timestamp(moment: datetime) -> Timestamp:
    written = Timestamp()
    written.FromDatetime(moment)
    return written
