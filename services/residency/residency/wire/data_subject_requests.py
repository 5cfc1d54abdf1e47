"""Requests of data subjects as they are read and written."""

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rpc import pages
from chassis.rules import KIND_OR_ALL, STATE_OR_ALL, Rule
from residency.domain.cases.declarations import DeclaredPerson
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.protection.data_subject_requests import (
    DataSubjectRequest,
    DataSubjectRequestNotFoundError,
    RequestAct,
    RequestEntry,
    RequestFilter,
    RequestKind,
    RequestPosition,
    RequestRefusalGround,
    RequestState,
    WholeRequest,
)
from residency.domain.protection.personal_data_export import PersonalDataExport
from residency.wire import fields
from residency.wire.account import passport
from residency.wire.cases.declarations import declared_person
from residency.wire.cases.requests import case_number
from residency.wire.fields import ONE_OF_THE_GROUNDS
from ward.residency.v1 import citizens_pb2
from ward.residency.v1 import data_subject_requests_pb2 as pb

Page = TypeVar("Page", pb.ListDataSubjectRequestsResponse, citizens_pb2.ListOwnRequestsResponse)

_NUMBER = re.compile(r"[0-9]{1,8}-YC-[0-9]{4}-[0-9]{6,9}")
_KINDS = {
    pb.DataSubjectRequestKind.Value(f"DATA_SUBJECT_REQUEST_KIND_{one}"): one for one in RequestKind
}
_STATES = {
    pb.DataSubjectRequestState.Value(f"DATA_SUBJECT_REQUEST_STATE_{one}"): one
    for one in RequestState
}
_GROUNDS = {
    pb.DataSubjectRefusalGround.Value(f"DATA_SUBJECT_REFUSAL_GROUND_{one}"): one
    for one in RequestRefusalGround
}


def request_number(text: str) -> str:
    """Read a request's number; what has not its form is the number of no request."""
    if not _NUMBER.fullmatch(text):
        raise DataSubjectRequestNotFoundError
    return text


def kind(request: pb.ReceiveRequestRequest | citizens_pb2.FileOwnRequestRequest) -> RequestKind:
    """Read what is asked for; raises FieldInvalidError."""
    asked = _KINDS.get(request.kind)
    if asked is None:
        raise FieldInvalidError(
            "kind", Rule("một trong các loại; bắt buộc", "one of the kinds; required")
        )
    return asked


def document(
    request: pb.ReceiveRequestRequest,
    codes: RegistrationCodes,
    nationalities: Nationalities,
    today: date,
) -> PersonalIdNumber | PassportNumber:
    """Read by what the person is known whom a request is about; raises FieldInvalidError or PersonalIdInvalidError."""
    if request.HasField("passport"):
        return passport(request, nationalities)
    return PersonalIdNumber.parse(request.personal_id_number, codes, today)


def ground(request: pb.RefuseRequestRequest) -> RequestRefusalGround:
    """Read why a request is refused; raises FieldInvalidError."""
    read = _GROUNDS.get(request.ground)
    if read is None:
        raise FieldInvalidError("ground", ONE_OF_THE_GROUNDS)
    return read


def correction(
    request: pb.AnswerRequestRequest, codes: RegistrationCodes, today: date
) -> str | DeclaredPerson | None:
    """Read by which case a correction is entered, or what the register should say; None where it is not said.

    Raises CaseNotFoundError, FieldInvalidError or PersonalIdInvalidError.
    """
    match request.WhichOneof("correction"):
        case "case_number":
            return case_number(request.case_number)
        case "corrected":
            return declared_person(request.corrected, codes, today)
        case _:
            return None


def request_filter(request: pb.ListDataSubjectRequestsRequest) -> RequestFilter:
    """Read which requests to list; raises FieldInvalidError."""
    if request.kind and request.kind not in _KINDS:
        raise FieldInvalidError("kind", KIND_OR_ALL)
    if request.state and request.state not in _STATES:
        raise FieldInvalidError("state", STATE_OR_ALL)
    return RequestFilter(
        kind=_KINDS.get(request.kind),
        state=_STATES.get(request.state),
        due_soon=request.due_soon,
        overdue=request.overdue,
        unacknowledged=request.unacknowledged,
    )


def requests_after(token: str) -> RequestPosition | None:
    """Read where a page begins; None for the first page."""
    key = fields.page_position(token)
    return RequestPosition(*key) if key else None


def requests_page(
    kind_of_page: type[Page],
    found: Sequence[DataSubjectRequest],
    size: int,
    today: date,
    soon_days: int,
) -> Page:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    return kind_of_page(
        requests=[request_message(one, today, soon_days) for one in found[:size]],
        next_page_token=_token(found[size - 1]) if len(found) > size else "",
    )


def whole_request(
    found: WholeRequest, today: date, soon_days: int, access_record_id: UUID
) -> pb.GetDataSubjectRequestResponse:
    """Write a request with its history."""
    return pb.GetDataSubjectRequestResponse(
        request=request_message(found.request, today, soon_days),
        history=[entry(one) for one in found.history],
        restriction_stands=found.restriction_stands,
        access_record_id=str(access_record_id),
    )


def exported(export: PersonalDataExport, access_record_id: UUID) -> pb.ExportPersonalDataResponse:
    """Write what is held of a person."""
    return pb.ExportPersonalDataResponse(
        json=json.dumps(export.as_data(), ensure_ascii=False, indent=1),
        text=export.as_text(),
        access_record_id=str(access_record_id),
    )


def request_message(
    found: DataSubjectRequest, today: date, soon_days: int
) -> pb.DataSubjectRequest:
    """Write a request as it stands today."""
    refused = found.refusal_ground or "UNSPECIFIED"
    return pb.DataSubjectRequest(
        request_number=found.request_number,
        kind=_kind(found),
        state=_state(found),
        through_processor=found.through_processor,
        received_at=fields.timestamp(found.received_at),
        acknowledge_by=fields.date_message(found.acknowledge_by),
        acknowledged_at=fields.optional_timestamp(found.acknowledged_at),
        due_on=fields.date_message(found.due_on),
        extended=found.extended,
        decided_at=fields.optional_timestamp(found.decided_at),
        refusal_ground=pb.DataSubjectRefusalGround.Value(f"DATA_SUBJECT_REFUSAL_GROUND_{refused}"),
        due_soon=found.is_due_soon(today, soon_days),
        overdue=found.is_overdue(today),
        case_number=found.case_number,
    )


def request_moved(moved: DataSubjectRequest, act: RequestAct) -> pb.DataSubjectRequestMoved:
    """Write that something was done with a request."""
    return pb.DataSubjectRequestMoved(
        request_number=moved.request_number, kind=_kind(moved), state=_state(moved), act=_act(act)
    )


def entry(done: RequestEntry) -> pb.DataSubjectRequestEntry:
    """Write what was done with a request."""
    return pb.DataSubjectRequestEntry(
        at=fields.timestamp(done.at), act=_act(done.act), account=done.account, note=done.note
    )


def _kind(found: DataSubjectRequest) -> pb.DataSubjectRequestKind.ValueType:
    return pb.DataSubjectRequestKind.Value(f"DATA_SUBJECT_REQUEST_KIND_{found.kind}")


def _state(found: DataSubjectRequest) -> pb.DataSubjectRequestState.ValueType:
    return pb.DataSubjectRequestState.Value(f"DATA_SUBJECT_REQUEST_STATE_{found.state}")


def _act(act: RequestAct) -> pb.DataSubjectRequestAct.ValueType:
    return pb.DataSubjectRequestAct.Value(f"DATA_SUBJECT_REQUEST_ACT_{act}")


def _token(last: DataSubjectRequest) -> str:
    return pages.encode(last.received_at.isoformat(), str(last.request_uuid))
