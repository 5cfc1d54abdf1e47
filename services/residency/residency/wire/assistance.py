"""Needs of assistance: requests as they are read, answers as they are written."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rpc import pages
from chassis.rules import Rule
from residency.domain.lookups.disclosure import Disclosure
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.residence.assistance import (
    AssistanceBasis,
    AssistanceNeedNotFoundError,
    Grounds,
    NeedStatement,
    Proxy,
    ToldNeed,
)
from residency.domain.residence.occupancy import Assistance
from residency.wire import answers, fields, lookups
from ward.residency.v1 import assistance_pb2 as pb
from ward.residency.v1 import lookups_pb2, residency_pb2

_MAX_LEGAL_BASIS = 120


def need_id(text: str) -> UUID:
    """Read a need's id; what is no id is the id of no need."""
    return fields.uuid(text, AssistanceNeedNotFoundError())


def need_type(request: pb.DeclareAssistanceNeedRequest) -> Assistance:
    """Read the type of a need."""
    try:
        name = residency_pb2.AssistanceType.Name(request.type)
        return Assistance(name.removeprefix("ASSISTANCE_TYPE_"))
    except ValueError:
        raise FieldInvalidError(
            "type", Rule("một loại trợ giúp", "a type of assistance")
        ) from None


def statement(
    message: pb.AssistanceStatement, codes: RegistrationCodes, today: date
) -> NeedStatement:
    """Read what is said of a need."""
    try:
        name = pb.AssistanceBasis.Name(message.basis)
        basis = AssistanceBasis(name.removeprefix("ASSISTANCE_BASIS_"))
    except ValueError:
        raise FieldInvalidError(
            "basis", Rule("sự đồng ý hoặc điều luật", "consent or the law")
        ) from None
    legal_basis = message.legal_basis.strip()
    plain = legal_basis.isprintable() and not may_hold_id_number(legal_basis)
    if len(legal_basis) > _MAX_LEGAL_BASIS or not plain:
        rule = Rule(
            f"không quá {_MAX_LEGAL_BASIS} ký tự trên một dòng, không có số định danh",
            f"at most {_MAX_LEGAL_BASIS} characters on one line, no identification number",
        )
        raise FieldInvalidError("legal_basis", rule)
    return NeedStatement(
        grounds=Grounds(basis, legal_basis),
        proxy=_proxy(message.proxy, codes, today) if message.HasField("proxy") else None,
        review_on=fields.day("review_on", message.review_on),
    )


def needs_page(
    found: Sequence[tuple[ToldNeed, lookups_pb2.Person]],
    size: int,
    of_list: str,
    today: date,
    disclosure: Disclosure,
    access_record_id: UUID,
) -> pb.ListAssistanceNeedsResponse:
    """Write a page of `size`; one need more than that was asked for, to see whether there is a next."""
    token = pages.encode(of_list, str(found[size - 1][0].need_id)) if len(found) > size else ""
    return pb.ListAssistanceNeedsResponse(
        needs=[_need(one, person, today) for one, person in found[:size]],
        next_page_token=token,
        withheld=lookups.withheld(disclosure),
        access_record_id=str(access_record_id),
    )


def _proxy(message: pb.AssistanceProxy, codes: RegistrationCodes, today: date) -> Proxy:
    return Proxy(
        full_name=fields.full_name(message.full_name),
        number=PersonalIdNumber.parse(message.personal_id_number, codes, today),
    )


def _need(told: ToldNeed, person: lookups_pb2.Person, today: date) -> pb.AssistanceNeed:
    written = pb.AssistanceNeed(
        need_id=str(told.need_id),
        person=person,
        type=answers.assistance_type(told.type),
        by_proxy=told.by_proxy,
        valid_from=fields.date_message(told.valid_from),
        review_on=fields.date_message(told.review_on),
        due=told.due(today),
        recorded_at=fields.timestamp(told.recorded_at),
        reference=told.reference,
    )
    if told.grounds:
        written.basis = pb.AssistanceBasis.Value(f"ASSISTANCE_BASIS_{told.grounds.basis}")
        written.legal_basis = told.grounds.legal_basis
    return written
