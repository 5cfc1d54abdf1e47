"""The account of accesses, as it is asked about and written."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FieldInvalidError, PageTokenInvalidError, PurposeRequiredError
from chassis.rpc import pages
from chassis.rules import COUNTRY_CODE, Rule, years
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.nationality import Nationalities
from residency.domain.protection.account import AccessFilter, AccountedAccess, AccountStatus, Mark
from residency.wire import fields
from ward.options.v1 import access_pb2
from ward.residency.v1 import account_pb2 as pb
from ward.residency.v1 import cases_pb2
from ward.residency.v1 import data_subject_requests_pb2 as requests_pb2

_PREFIX = "PURPOSE_"
_LAST_POSITION = 2**63 - 1

Page = TypeVar("Page", pb.ListAccessesResponse, pb.ListAccessesToPersonResponse)


def access_filter(request: pb.ListAccessesRequest) -> AccessFilter:
    """Read which accesses are asked for; raises FieldInvalidError."""
    return AccessFilter(
        account=request.account,
        purpose=_purpose(request.accessed_for),
        reference=request.reference,
        outcome=request.outcome,
        subject=request.subject,
        since=_instant("since", request.since) if request.HasField("since") else None,
        until=_instant("until", request.until) if request.HasField("until") else None,
    )


def require_own_request(request: pb.ListAccessesToPersonRequest) -> None:
    """Refuse any purpose but the person's own request; raises PurposeRequiredError."""
    if request.purpose.purpose != access_pb2.PURPOSE_DATA_SUBJECT_REQUEST:
        raise PurposeRequiredError


def passport(
    request: pb.ListAccessesToPersonRequest
    | requests_pb2.ReceiveRequestRequest
    | cases_pb2.CompareDocumentRequest,
    nationalities: Nationalities,
) -> PassportNumber:
    """Read the passport by which a person is known who is named by nothing else; raises FieldInvalidError."""
    if request.personal_id_number:
        raise FieldInvalidError(
            "passport",
            Rule(
                "hộ chiếu hoặc personal_id_number, không cả hai",
                "a passport or a personal_id_number, not both",
            ),
        )
    try:
        issuer = nationalities.parse(request.passport.issuer)
    except ValueError:
        raise FieldInvalidError("passport.issuer", COUNTRY_CODE) from None
    return fields.passport("passport.number", issuer, request.passport.number)


def page_before(token: str, of_list: str) -> int | None:
    """Read the position before which a page of that list begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    told, position = key
    if told != of_list or not (position.isascii() and position.isdecimal()):
        raise PageTokenInvalidError
    if int(position) > _LAST_POSITION:
        raise PageTokenInvalidError
    return int(position)


def accesses_page(
    kind: type[Page],
    found: Sequence[AccountedAccess],
    size: int,
    of_list: str,
    access_record_id: UUID,
) -> Page:
    """Write a page of `size`; one access more than that was asked for, to see whether there is a next."""
    more = len(found) > size
    return kind(
        accesses=[_access(one) for one in found[:size]],
        next_page_token=pages.encode(of_list, str(found[size - 1].position)) if more else "",
        access_record_id=str(access_record_id),
    )


def status(told: AccountStatus, witnessed: Mark | None) -> pb.GetAccountStatusResponse:
    """Write the state of the account, and up to where it is witnessed."""
    return pb.GetAccountStatusResponse(
        head_position=told.head.position,
        head_hash=told.head.hash.hex(),
        kept_after_position=told.kept_after,
        witnessed=_mark(witnessed),
        verified=_mark(told.verified),
    )


def _access(found: AccountedAccess) -> pb.Access:
    record = found.record
    return pb.Access(
        position=found.position,
        access_record_id=str(record.record_id),
        recorded_at=fields.timestamp(record.recorded_at),
        account=record.account,
        actor=record.actor,
        roles=record.roles,
        method=record.method,
        purpose=record.purpose,
        legal_basis=record.legal_basis,
        reference=record.reference,
        subject=record.subject,
        fields=record.fields,
        outcome=record.outcome,
    )


def _mark(mark: Mark | None) -> pb.AccountMark | None:
    if mark is None:
        return None
    return pb.AccountMark(position=mark.position, marked_at=fields.timestamp(mark.marked_at))


def _purpose(value: access_pb2.Purpose.ValueType) -> str:
    if not value:
        return ""
    known = access_pb2.Purpose.DESCRIPTOR.values_by_number.get(value)
    if known is None:
        raise FieldInvalidError(
            "accessed_for", Rule("một mục đích có trong giao diện", "a purpose of the contract")
        )
    return str(known.name).removeprefix(_PREFIX)


def _instant(field: str, value: Timestamp) -> datetime:
    try:
        return value.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise FieldInvalidError(field, years(1, 9999)) from None
