"""Residence cases as they are read and written."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2

from chassis import pages
from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number
from residency.domain.cases import (
    Caller,
    Case,
    CaseFilter,
    CaseNotFoundError,
    CasePosition,
    CaseState,
    HistoryEntry,
    RefusalGround,
    WholeCase,
)
from residency.domain.declarations import (
    CaseKind,
    Change,
    DeclaredPerson,
    Deregistration,
    NewResidence,
    Renewal,
    ResidenceDeclaration,
    Signatory,
)
from residency.domain.notices import Notice, notices_of
from residency.domain.partial_date import PartialDate
from residency.domain.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.residence import RegistrationNotFoundError, ResidenceKind, Sex, Term
from residency.wire import fields
from ward.residency.v1 import cases_pb2 as pb
from ward.residency.v1 import residency_pb2

_CASE_NUMBER = re.compile(r"[0-9]{1,8}-[0-9]{4}-[0-9]{6,9}")
_PHONE = re.compile(r"[0-9+ ]{0,20}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_TEXT = range(3, 1001)
_MAX_RELATIONSHIP = 60
_MAX_MEMBERS = 30
_SIGNATORIES = {pb.Signatory.Value(f"SIGNATORY_{one}"): one for one in Signatory}
_GROUNDS = {pb.RefusalGround.Value(f"REFUSAL_GROUND_{one}"): one for one in RefusalGround}
_STATES = {pb.CaseState.Value(f"CASE_STATE_{one}"): one for one in CaseState}
_KINDS = {pb.CaseKind.Value(f"CASE_KIND_{one}"): one for one in CaseKind}
_SEXES = {Sex.MALE: residency_pb2.SEX_MALE, Sex.FEMALE: residency_pb2.SEX_FEMALE}

ReadNumber = Callable[[str], PersonalIdNumber]


# ---------------------------------------------------------------- requests


def case_number(text: str) -> str:
    """Read a case's number; what has not its form is the number of no case."""
    if not _CASE_NUMBER.fullmatch(text):
        raise CaseNotFoundError
    return text


def written(field: str, text: str) -> str:
    """Read what a person wrote to another: whole lines, without an identification number."""
    content = text.strip()
    if len(content) not in _TEXT or may_hold_id_number(content):
        raise FieldInvalidError(field, "3 to 1000 characters, no identification number")
    return content


def finding(request: pb.ApproveCaseRequest) -> str:
    """Read the finding of an identity in doubt; empty where none is given."""
    return written("finding", request.finding) if request.finding else ""


def refusal_ground(request: pb.RefuseCaseRequest) -> RefusalGround:
    """Read why a case is refused."""
    ground = _GROUNDS.get(request.ground)
    if ground is None:
        raise FieldInvalidError("ground", "one of the grounds; required")
    return ground


def case_filter(request: pb.ListCasesRequest, caller: Caller) -> CaseFilter:
    """Read which cases to list; a citizen's are their own whatever the request says."""
    if request.state and request.state not in _STATES:
        raise FieldInvalidError("state", "a state, or unspecified for all")
    if request.kind and request.kind not in _KINDS:
        raise FieldInvalidError("kind", "a kind, or unspecified for all")
    return CaseFilter(
        account="" if caller.is_officer else caller.account,
        state=_STATES.get(request.state),
        kind=_KINDS.get(request.kind),
        overdue=request.overdue,
        due_soon=request.due_soon,
    )


def cases_after(token: str) -> CasePosition | None:
    """Read where a page of cases begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    try:
        created_at, case_id = datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError:
        raise PageTokenInvalidError from None
    if created_at.tzinfo is None:
        raise PageTokenInvalidError
    return CasePosition(created_at, case_id)


def declaration(
    message: pb.ResidenceDeclaration, codes: RegistrationCodes, today: date
) -> ResidenceDeclaration:
    """Read a declaration that is handed in; raises FieldInvalidError or PersonalIdInvalidError."""
    return _declaration(message, partial(PersonalIdNumber.parse, codes=codes, today=today), today)


def stored_declaration(content: bytes, today: date) -> ResidenceDeclaration:
    """Read a declaration back that was checked when it was handed in."""
    return _declaration(pb.ResidenceDeclaration.FromString(content), PersonalIdNumber, today)


def _declaration(
    message: pb.ResidenceDeclaration, number: ReadNumber, today: date
) -> ResidenceDeclaration:
    if not _PHONE.fullmatch(message.phone):
        raise FieldInvalidError("declaration.phone", "digits, spaces and + only, at most 20")
    if message.email and not _EMAIL.fullmatch(message.email):
        raise FieldInvalidError("declaration.email", "an address, or empty")
    if len(message.members) > _MAX_MEMBERS:
        raise FieldInvalidError("declaration.members", f"at most {_MAX_MEMBERS}")
    householder, householder_number = (
        message.householder_name,
        message.householder_personal_id_number,
    )
    return ResidenceDeclaration(
        declarant=_person(message.declarant, number, today),
        phone=message.phone,
        email=message.email,
        householder_name=fields.full_name(householder) if householder else None,
        householder_number=number(householder_number) if householder_number else None,
        requested_content=written("declaration.requested_content", message.requested_content),
        members=tuple(_person(member, number, today) for member in message.members),
        signatories=_signatories(message),
        change=_change(message),
    )


def _person(message: pb.DeclaredPerson, number: ReadNumber, today: date) -> DeclaredPerson:
    relationship = message.relationship_to_householder.strip()
    if len(relationship) > _MAX_RELATIONSHIP or any(sign.isdigit() for sign in relationship):
        raise FieldInvalidError(
            "relationship_to_householder", f"at most {_MAX_RELATIONSHIP} characters, no digits"
        )
    return DeclaredPerson(
        number=number(message.personal_id_number),
        full_name=fields.full_name(message.full_name),
        birth_date=fields.birth_date(message.birth_date, today),
        sex=fields.sex(message.sex),
        relationship=relationship,
    )


def _signatories(message: pb.ResidenceDeclaration) -> frozenset[Signatory]:
    signed = frozenset(_SIGNATORIES[one] for one in message.signatories if one in _SIGNATORIES)
    if len(signed) != len(message.signatories) or Signatory.DECLARANT not in signed:
        raise FieldInvalidError("declaration.signatories", "each once; the declarant at least")
    return signed


def _change(message: pb.ResidenceDeclaration) -> Change:
    match message.WhichOneof("change"):
        case "permanent_residence":
            permanent = message.permanent_residence
            term = Term(fields.day("valid_from", permanent.valid_from), None)
            place = fields.dwelling_id(permanent.dwelling_id)
            return NewResidence(ResidenceKind.PERMANENT, place, term)
        case "temporary_residence":
            temporary = message.temporary_residence
            term = Term(
                fields.day("valid_from", temporary.valid_from),
                fields.day("valid_until", temporary.valid_until),
            )
            place = fields.dwelling_id(temporary.dwelling_id)
            return NewResidence(ResidenceKind.TEMPORARY, place, term)
        case "renewal":
            until = fields.day("valid_until", message.renewal.valid_until)
            return Renewal(_registration_id(message.renewal.registration_id), until)
        case "deregistration":
            ending = message.deregistration
            ended_on = fields.day("ended_on", ending.ended_on)
            return Deregistration(_registration_id(ending.registration_id), ended_on)
        case _:
            raise FieldInvalidError("declaration.change", "what is to be entered; required")


def _registration_id(text: str) -> UUID:
    return fields.uuid(text, RegistrationNotFoundError())


# ---------------------------------------------------------------- answers and events


def declaration_message(one: ResidenceDeclaration) -> pb.ResidenceDeclaration:
    """Write a declaration, for the officer who decides and for its row, where it is sealed."""
    message = pb.ResidenceDeclaration(
        declarant=_person_message(one.declarant),
        phone=one.phone,
        email=one.email,
        householder_name=one.householder_name.text if one.householder_name else "",
        householder_personal_id_number=(
            one.householder_number.digits if one.householder_number else ""
        ),
        requested_content=one.requested_content,
        members=[_person_message(member) for member in one.members],
        signatories=[
            pb.Signatory.Value(f"SIGNATORY_{signatory}") for signatory in sorted(one.signatories)
        ],
    )
    field, change = _change_message(one.change)
    getattr(message, field).CopyFrom(change)
    return message


def _person_message(person: DeclaredPerson) -> pb.DeclaredPerson:
    return pb.DeclaredPerson(
        personal_id_number=person.number.digits,
        full_name=person.full_name.text,
        birth_date=_partial(person.birth_date),
        sex=_SEXES[person.sex],
        relationship_to_householder=person.relationship,
    )


def _change_message(change: Change) -> tuple[str, Message]:
    match change:
        case NewResidence(kind=ResidenceKind.PERMANENT):
            permanent = pb.PermanentResidenceChange(
                dwelling_id=str(change.dwelling_id), valid_from=_day(change.term.valid_from)
            )
            return "permanent_residence", permanent
        case NewResidence():
            temporary = pb.TemporaryResidenceChange(
                dwelling_id=str(change.dwelling_id),
                valid_from=_day(change.term.valid_from),
                valid_until=_day(change.term.valid_until),
            )
            return "temporary_residence", temporary
        case Renewal():
            renewal = pb.RenewalChange(
                registration_id=str(change.registration_id), valid_until=_day(change.valid_until)
            )
            return "renewal", renewal
        case Deregistration():
            ending = pb.DeregistrationChange(
                registration_id=str(change.registration_id), ended_on=_day(change.ended_on)
            )
            return "deregistration", ending


def case(one: Case) -> pb.ResidenceCase:
    """Write a case, without personal data."""
    ground = f"REFUSAL_GROUND_{one.refusal_ground or 'UNSPECIFIED'}"
    return pb.ResidenceCase(
        case_number=one.case_number,
        ward_code=one.ward_code,
        kind=pb.CaseKind.Value(f"CASE_KIND_{one.kind}"),
        state=pb.CaseState.Value(f"CASE_STATE_{one.state}"),
        channel=pb.CaseChannel.Value(f"CASE_CHANNEL_{one.channel}"),
        identity_check=pb.IdentityCheck.Value(f"IDENTITY_CHECK_{one.identity_check}"),
        created_at=_instant(one.created_at),
        submitted_at=_instant(one.submitted_at),
        accepted_at=_instant(one.accepted_at),
        decided_at=_instant(one.decided_at),
        due_on=_day(one.due_on),
        refusal_ground=pb.RefusalGround.Value(ground),
    )


def whole_case(found: WholeCase, access_record_id: UUID) -> pb.GetCaseResponse:
    """Write a case with what it holds of persons."""
    return pb.GetCaseResponse(
        case=case(found.case),
        declaration=declaration_message(found.declaration),
        history=[history_entry(entry) for entry in found.history],
        notices=[notice(one) for one in notices_of(found.case, found.history)],
        registration_ids=[str(one) for one in found.registrations],
        access_record_id=str(access_record_id),
    )


def history_entry(entry: HistoryEntry) -> pb.CaseHistoryEntry:
    """Write what was done with a case."""
    return pb.CaseHistoryEntry(
        at=_instant(entry.at),
        act=entry.act,
        state=pb.CaseState.Value(f"CASE_STATE_{entry.state}"),
        account=entry.account,
        note=entry.note,
        due_on=_day(entry.due_on),
    )


def notice(one: Notice) -> pb.CaseNotice:
    """Write a receipt or notice."""
    return pb.CaseNotice(
        form=pb.NoticeForm.Value(f"NOTICE_FORM_{one.form}"),
        issued_at=_instant(one.issued_at),
        due_on=_day(one.due_on),
        text=one.text,
    )


def cases_page(found: Sequence[Case], size: int) -> pb.ListCasesResponse:
    """Write a page of `size`; one case more than that was asked for, to see whether there is a next."""
    token = ""
    if len(found) > size:
        last = found[size - 1]
        token = pages.encode(last.created_at.isoformat(), str(last.case_id))
    return pb.ListCasesResponse(cases=[case(one) for one in found[:size]], next_page_token=token)


def case_moved(one: Case) -> pb.CaseMoved:
    """Write the event of a case that was moved."""
    return pb.CaseMoved(case=case(one))


def _instant(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    written_at = Timestamp()
    written_at.FromDatetime(moment)
    return written_at


def _day(day: date | None) -> date_pb2.Date | None:
    return None if day is None else date_pb2.Date(year=day.year, month=day.month, day=day.day)


def _partial(born: PartialDate) -> date_pb2.Date:
    return date_pb2.Date(year=born.year, month=born.month or 0, day=born.day or 0)
