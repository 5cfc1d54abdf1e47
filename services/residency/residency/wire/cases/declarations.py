"""Declarations of form CT01: read when they are handed in and when they are opened, and written."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message
from google.type import date_pb2

from chassis.errors import FieldInvalidError
from chassis.rules import Rule, at_most, between
from residency.domain.cases.declarations import (
    Change,
    ChangeOfInformation,
    DeclaredPerson,
    Deregistration,
    GuestStays,
    HouseholdSplit,
    NewResidence,
    Renewal,
    ResidenceDeclaration,
    Signatory,
    TemporaryAbsence,
    told_at,
)
from residency.domain.lookups.disclosure import PersonField
from residency.domain.persons.contact import Contact, PassportNumber
from residency.domain.persons.identity import Sex
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.residence.registrations import RegistrationNotFoundError, ResidenceKind, Term
from residency.wire import absences, fields, stays
from residency.wire.cases.requests import written
from ward.residency.v1 import cases_pb2 as pb
from ward.residency.v1 import residency_pb2, stays_pb2

_PHONE = re.compile(r"[0-9+ ]{0,20}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
_MAX_RELATIONSHIP = 60
_MAX_MEMBERS = 30
_GUESTS = range(1, 32)
_SIGNATORIES = {pb.Signatory.Value(f"SIGNATORY_{one}"): one for one in Signatory}
# What the fields of a declaration tell of the persons named in it; all others are what is asked for.
_FIELDS = {
    "full_name": PersonField.FULL_NAME,
    "householder_name": PersonField.FULL_NAME,
    "birth_date": PersonField.BIRTH_DATE,
    "sex": PersonField.SEX,
    "personal_id_number": PersonField.MASKED_NUMBER,
    "householder_personal_id_number": PersonField.MASKED_NUMBER,
    "passport_number": PersonField.MASKED_NUMBER,
    "relationship_to_householder": PersonField.HOUSEHOLD,
    "phone": PersonField.PHONE,
    "email": PersonField.PHONE,
    "reason": PersonField.RESIDENCES,
    "destination": PersonField.RESIDENCES,
}
_PASSPORTS = {"passport_number"}
G = TypeVar("G", stays_pb2.Lodging, stays_pb2.ForeignStay)
M = TypeVar("M")
R = TypeVar("R")
_SEXES = {Sex.MALE: residency_pb2.SEX_MALE, Sex.FEMALE: residency_pb2.SEX_FEMALE}


@dataclass(frozen=True)
class _Reading:
    """How a declaration is read: by the lists of codes when it is handed in, as it is when it was stored."""

    number: fields.ReadNumber
    nationality: fields.ReadNationality
    today: date


def declaration(
    message: pb.ResidenceDeclaration,
    codes: RegistrationCodes,
    nationalities: Nationalities,
    today: date,
) -> ResidenceDeclaration:
    """Read a declaration that is handed in; raises FieldInvalidError or PersonalIdInvalidError."""
    number = partial(PersonalIdNumber.parse, codes=codes, today=today)
    nationality = partial(fields.optional_nationality, nationalities=nationalities)
    declared = _declaration(message, _Reading(number, nationality, today))
    Contact.parse(declared.phone, declared.email)
    declared.check_persons()
    declared.check_births()
    return declared


def declared_person(
    message: pb.DeclaredPerson, codes: RegistrationCodes, today: date
) -> DeclaredPerson:
    """Read a person who is declared; raises FieldInvalidError or PersonalIdInvalidError."""
    number = partial(PersonalIdNumber.parse, codes=codes, today=today)
    return _person(message, _Reading(number, str, today))


def stored_declaration(content: bytes, today: date) -> ResidenceDeclaration:
    """Read a declaration back that was checked when it was handed in."""
    message = pb.ResidenceDeclaration.FromString(content)
    return _declaration(message, _Reading(PersonalIdNumber, str, today))


def _declaration(message: pb.ResidenceDeclaration, read: _Reading) -> ResidenceDeclaration:
    if not _PHONE.fullmatch(message.phone):
        raise FieldInvalidError(
            "declaration.phone",
            Rule(
                "chỉ chữ số, dấu cách và +, không quá 20 ký tự",
                "digits, spaces and + only, at most 20",
            ),
        )
    if message.email and not _EMAIL.fullmatch(message.email):
        raise FieldInvalidError(
            "declaration.email",
            Rule("một địa chỉ thư điện tử, hoặc để trống", "an e-mail address, or empty"),
        )
    if len(message.members) > _MAX_MEMBERS:
        raise FieldInvalidError("declaration.members", at_most(_MAX_MEMBERS))
    kind = message.WhichOneof("change")
    householder, householder_number = (
        message.householder_name,
        message.householder_personal_id_number,
    )
    with told_at("declaration.declarant"):
        declarant = _person(message.declarant, read)
    with told_at("declaration", "householder_name"):
        name = fields.full_name(householder) if householder else None
    with told_at("declaration", "householder_personal_id_number"):
        number = read.number(householder_number) if householder_number else None
    with told_at(f"declaration.{kind}" if kind else "declaration"):
        change = _change(message, read)
    return ResidenceDeclaration(
        declarant=declarant,
        phone=message.phone,
        email=message.email,
        householder_name=name,
        householder_number=number,
        requested_content=written("declaration.requested_content", message.requested_content),
        members=_each("declaration.members", message.members, partial(_person, read=read)),
        signatories=_signatories(message),
        change=change,
    )


def _person(message: pb.DeclaredPerson, read: _Reading) -> DeclaredPerson:
    relationship = " ".join(message.relationship_to_householder.split())
    if len(relationship) > _MAX_RELATIONSHIP or any(sign.isdigit() for sign in relationship):
        raise FieldInvalidError(
            "relationship_to_householder",
            Rule(
                f"không quá {_MAX_RELATIONSHIP} ký tự, không có chữ số",
                f"at most {_MAX_RELATIONSHIP} characters, no digits",
            ),
        )
    return DeclaredPerson(
        number=read.number(message.personal_id_number),
        full_name=fields.full_name(message.full_name),
        birth_date=fields.birth_date(message.birth_date, read.today),
        sex=fields.sex(message.sex),
        relationship=relationship,
    )


def _signatories(message: pb.ResidenceDeclaration) -> frozenset[Signatory]:
    signed = frozenset(_SIGNATORIES[one] for one in message.signatories if one in _SIGNATORIES)
    if len(signed) != len(message.signatories) or Signatory.DECLARANT not in signed:
        raise FieldInvalidError(
            "declaration.signatories",
            Rule("mỗi người một lần; ít nhất là người khai", "each once; the declarant at least"),
        )
    return signed


def _change(message: pb.ResidenceDeclaration, read: _Reading) -> Change:
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
        case "household_split":
            return HouseholdSplit(fields.day("valid_from", message.household_split.valid_from))
        case "change_of_information":
            since = fields.optional_day(message.change_of_information, "new_householder_from")
            return ChangeOfInformation(since)
        case "lodging":
            guests = _guests(message.lodging.guests)
            lodging = partial(stays.lodging_by, number=read.number, today=read.today)
            return GuestStays(_each("guests", guests, lodging))
        case "temporary_absence":
            return TemporaryAbsence(absences.content(message.temporary_absence))
        case "foreign_stay":
            foreigners = _guests(message.foreign_stay.guests)
            stay = partial(
                stays.foreign_stay_by, read_nationality=read.nationality, today=read.today
            )
            return GuestStays(_each("guests", foreigners, stay))
        case _:
            raise FieldInvalidError(
                "change",
                Rule("nội dung cần ghi vào sổ; bắt buộc", "what is to be entered; required"),
            )


def _each(path: str, messages: Iterable[M], read: Callable[[M], R]) -> tuple[R, ...]:
    """Read several; a refusal says which one it is about, counted from 1 as in google.rpc.BadRequest."""
    several = []
    for position, message in enumerate(messages, start=1):
        with told_at(f"{path}[{position}]"):
            several.append(read(message))
    return tuple(several)


def _guests(guests: Sequence[G]) -> Sequence[G]:
    if len(guests) not in _GUESTS:
        raise FieldInvalidError("guests", between(1, _GUESTS.stop - 1))
    return guests


def _registration_id(text: str) -> UUID:
    return fields.uuid(text, RegistrationNotFoundError())


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


def withhold(message: Message, shown: Collection[PersonField]) -> None:
    """Take from a declaration what is not shown of the persons named in it; of documents, only the mask is."""
    for field, value in message.ListFields():
        kind = _FIELDS.get(field.name)
        if kind is PersonField.MASKED_NUMBER and kind in shown:
            mask = PassportNumber.mask if field.name in _PASSPORTS else PersonalIdNumber.mask
            setattr(message, field.name, mask(value))
        elif kind and kind not in shown:
            message.ClearField(field.name)
        elif field.message_type:
            for part in value if field.is_repeated else [value]:
                withhold(part, shown)


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
                dwelling_id=str(change.dwelling_id),
                valid_from=fields.optional_date(change.term.valid_from),
            )
            return "permanent_residence", permanent
        case NewResidence():
            temporary = pb.TemporaryResidenceChange(
                dwelling_id=str(change.dwelling_id),
                valid_from=fields.optional_date(change.term.valid_from),
                valid_until=fields.optional_date(change.term.valid_until),
            )
            return "temporary_residence", temporary
        case Renewal():
            renewal = pb.RenewalChange(
                registration_id=str(change.registration_id),
                valid_until=fields.optional_date(change.valid_until),
            )
            return "renewal", renewal
        case Deregistration():
            ending = pb.DeregistrationChange(
                registration_id=str(change.registration_id),
                ended_on=fields.optional_date(change.ended_on),
            )
            return "deregistration", ending
        case HouseholdSplit():
            split = pb.HouseholdSplitChange(valid_from=fields.date_message(change.valid_from))
            return "household_split", split
        case ChangeOfInformation():
            since = fields.optional_date(change.new_householder_from)
            information = pb.ChangeOfInformation(new_householder_from=since)
            return "change_of_information", information
        case GuestStays() if change.foreign:
            foreigners = [stays.foreign_stay_message(one) for one in change.stays]
            return "foreign_stay", pb.ForeignStayChange(guests=foreigners)
        case GuestStays():
            guests = [stays.lodging_message(one) for one in change.stays]
            return "lodging", pb.LodgingChange(guests=guests)
        case TemporaryAbsence():
            return "temporary_absence", absences.message(change.content)


def _partial(born: PartialDate) -> date_pb2.Date:
    return date_pb2.Date(year=born.year, month=born.month or 0, day=born.day or 0)
