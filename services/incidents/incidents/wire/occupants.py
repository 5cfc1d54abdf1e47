"""Breaking the glass: what the officer asks, what residency is asked, and what residency tells."""

from collections import Counter
from collections.abc import Callable, Iterator
from uuid import UUID

from google.protobuf.message import DecodeError

from chassis.broker.messages import Envelope, subject_of
from chassis.errors import FieldInvalidError, InvalidMessageError
from chassis.privacy import may_hold_id_number
from chassis.rules import WHY_WITHOUT_NAMES
from chassis.storage.idempotency import check_request_id
from incidents.domain.incidents.incident import Incident
from incidents.domain.rescue.occupants import GlassBroken, Occupants, OccupantsWanted
from incidents.wire.fields import read_id
from incidents.wire.incidents import moment
from ward.incidents.v1 import incidents_pb2, printing_pb2
from ward.options.v1 import access_pb2
from ward.residency.v1 import lookups_pb2

GLASS_BROKEN = subject_of(lookups_pb2.GlassBroken)
_REASON = range(10, 501)


def wanted(
    request: incidents_pb2.DiscloseOccupantsRequest | printing_pb2.PrintOccupantsRequest,
) -> OccupantsWanted:
    """Read who is asked for, and why; raises FieldInvalidError."""
    check_request_id(request.request_id)
    reason = request.reason.strip()
    if len(reason) not in _REASON or not reason.isprintable() or may_hold_id_number(reason):
        raise FieldInvalidError("reason", WHY_WITHOUT_NAMES)
    return OccupantsWanted(read_id(request.incident_id), reason, request.request_id)


def asked_of_residency(
    asked: OccupantsWanted, incident: Incident
) -> lookups_pb2.DiscloseOccupantsRequest:
    """Write the question, with the purpose and the incident that it is for."""
    purpose = access_pb2.AccessPurpose(
        purpose=access_pb2.PURPOSE_FIRE_RESCUE, reference=incident.number
    )
    return lookups_pb2.DiscloseOccupantsRequest(
        purpose=purpose,
        request_id=asked.request_id,
        incident_id=str(incident.incident_id),
        reason=asked.reason,
    )


def occupants_message(
    occupants: Occupants, tag_of: Callable[[str], str]
) -> incidents_pb2.DiscloseOccupantsResponse:
    """Write residency's answer as this contract tells it; `tag_of` makes tags of what is known of a person."""
    told = lookups_pb2.DiscloseOccupantsResponse.FromString(occupants.payload)
    return incidents_pb2.DiscloseOccupantsResponse(
        dwellings=told.dwellings,
        withheld=told.withheld,
        review_id=told.review_id,
        expires_at=told.expires_at,
        access_record_id=told.access_record_id,
        roll_call_tags=[tag for one in told.dwellings for tag in _tags(one, tag_of)],
    )


def _tags(
    dwelling: lookups_pb2.DisclosedDwelling, tag_of: Callable[[str], str]
) -> Iterator[incidents_pb2.OccupantTag]:
    """Give tags to those whose names are told; two who are alike in all get tags of their own."""
    dwelling_id = dwelling.dwelling.dwelling_id
    alike: Counter[str] = Counter()
    inside: list[lookups_pb2.Person | lookups_pb2.DisclosedGuest] = [
        *dwelling.people,
        *dwelling.guests,
    ]
    for place, one in enumerate(inside, start=1):
        if one.full_name:
            known = f"{dwelling_id}\0{one.full_name}\0{one.birth_date.year}"
            alike[known] += 1
            tag = tag_of(f"{known}\0{alike[known]}")
            yield incidents_pb2.OccupantTag(dwelling_id=dwelling_id, place=place, tag=tag)


def glass_broken(envelope: Envelope) -> GlassBroken:
    """Read who was told who is inside, in which incident; raises InvalidMessageError."""
    try:
        told = lookups_pb2.GlassBroken.FromString(envelope.payload)
        return GlassBroken(
            incident_id=UUID(told.incident_id),
            officer=told.officer.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            expires_at=moment(told.expires_at),
            ward_code=told.ward_code,
        )
    except DecodeError as error:
        raise InvalidMessageError("not_protobuf") from error
    except (ValueError, OverflowError) as error:
        raise InvalidMessageError("no_incident") from error
