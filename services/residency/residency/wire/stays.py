"""Guests' stays: requests as they are read, answers as they are written."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rpc import pages
from chassis.rules import Rule, one_line
from residency.domain.lookups.disclosure import Disclosure, PersonField
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.identity import Sex
from residency.domain.persons.nationality import VIETNAM, Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.residence.occupancy import StayKind
from residency.domain.residence.stays import (
    Asked,
    Channel,
    Guest,
    Receipt,
    StayCorrection,
    StayDeclaration,
    StayNotFoundError,
    ToldStay,
)
from residency.wire import fields, lookups
from ward.residency.v1 import residency_pb2
from ward.residency.v1 import stays_pb2 as pb

_MAX_TEXT = 200
_SEXES = {Sex.MALE: residency_pb2.SEX_MALE, Sex.FEMALE: residency_pb2.SEX_FEMALE}
_Declaring = pb.DeclareLodgingRequest | pb.DeclareForeignStayRequest | pb.DeclareAbsenceRequest


def stay_id(text: str) -> UUID:
    """Read the id of a stay or an absence; what is no id is the id of none."""
    return fields.uuid(text, StayNotFoundError())


def receipt(request: _Declaring, now: datetime) -> Receipt:
    """Read when a declaration came in, now if that is not said, and how."""
    try:
        name = pb.DeclarationChannel.Name(request.channel)
        channel = Channel(name.removeprefix("DECLARATION_CHANNEL_"))
    except ValueError:
        raise FieldInvalidError(
            "channel", Rule("thông báo đến bằng cách nào", "how the declaration came in")
        ) from None
    return Receipt(fields.past_moment(request, "received_at", now) or now, channel)


def lodging(message: pb.Lodging, codes: RegistrationCodes, today: date) -> StayDeclaration:
    """Read a lodging notification that is handed in."""
    return lodging_by(message, partial(PersonalIdNumber.parse, codes=codes, today=today), today)


def lodging_by(message: pb.Lodging, number: fields.ReadNumber, today: date) -> StayDeclaration:
    """Read a lodging notification, with its number read so."""
    document: PersonalIdNumber | PassportNumber
    match message.WhichOneof("document"):
        case "personal_id_number":
            document = number(message.personal_id_number)
        case "passport_number":
            document = fields.passport("passport_number", VIETNAM, message.passport_number)
        case _:
            raise FieldInvalidError(
                "document",
                Rule(
                    "personal_id_number hoặc passport_number",
                    "a personal_id_number or a passport_number",
                ),
            )
    return StayDeclaration(
        dwelling_id=fields.dwelling_id(message.dwelling_id),
        kind=StayKind.STANDING if message.standing else StayKind.LODGING,
        guest=Guest(
            document=document,
            full_name=fields.full_name(message.full_name),
            birth_date=fields.birth_date(message.birth_date, today),
            nationality=VIETNAM,
            sex=None,
        ),
        reason=line_of_text("reason", message.reason),
        arrives_at=_arrival(message),
        leaves_on=fields.optional_day(message, "leaves_on"),
    )


def foreign_stay(
    message: pb.ForeignStay, nationalities: Nationalities, today: date
) -> StayDeclaration:
    """Read the declaration of a foreign stay that is handed in."""
    read = partial(fields.optional_nationality, nationalities=nationalities)
    return foreign_stay_by(message, read, today)


def foreign_stay_by(
    message: pb.ForeignStay, read_nationality: fields.ReadNationality, today: date
) -> StayDeclaration:
    """Read the declaration of a foreign stay, with its nationality read so."""
    nationality = read_nationality(message.nationality)
    if nationality in (None, VIETNAM):
        raise FieldInvalidError(
            "nationality",
            Rule(
                "mã nước theo ISO 3166-1 alpha-3, không phải VNM",
                "a code of ISO 3166-1 alpha-3, not VNM",
            ),
        )
    return StayDeclaration(
        dwelling_id=fields.dwelling_id(message.dwelling_id),
        kind=StayKind.FOREIGN,
        guest=Guest(
            document=fields.passport("passport_number", nationality, message.passport_number),
            full_name=fields.full_name(message.full_name),
            birth_date=fields.birth_date(message.birth_date, today),
            nationality=nationality,
            sex=fields.sex(message.sex),
        ),
        reason="",
        arrives_at=_arrival(message),
        leaves_on=fields.day("leaves_on", message.leaves_on),
    )


def corrected_lodging(
    request: pb.CorrectLodgingRequest, codes: RegistrationCodes, today: date
) -> StayCorrection:
    """Read what a lodging notification should have said."""
    ended_on = fields.optional_day(request, "ended_on")
    return StayCorrection(lodging(request.lodging, codes, today), ended_on)


def corrected_foreign_stay(
    request: pb.CorrectForeignStayRequest, nationalities: Nationalities, today: date
) -> StayCorrection:
    """Read what the declaration of a foreign stay should have said."""
    ended_on = fields.optional_day(request, "ended_on")
    return StayCorrection(foreign_stay(request.foreign_stay, nationalities, today), ended_on)


def asked(
    request: pb.ListGuestStaysRequest | pb.ListAbsencesRequest, now: datetime, today: date
) -> Asked:
    """Read which declarations are asked for; those of today if no day is said."""
    return Asked(
        dwelling_id=fields.dwelling_id(request.dwelling_id) if request.dwelling_id else None,
        day=fields.optional_day(request, "day") or today,
        known_at=fields.past_moment(request, "as_known_at", now),
    )


def list_name(asked_for: Asked) -> str:
    """Name a list, so that a page's token leads back to the same one."""
    since = "night before" if asked_for.with_night_before else ""
    return f"{asked_for.dwelling_id} {asked_for.day} {since} {asked_for.known_at}"


def stays_page(
    found: Sequence[ToldStay],
    size: int,
    of_list: str,
    disclosure: Disclosure,
    access_record_id: UUID,
) -> pb.ListGuestStaysResponse:
    """Write a page of `size`; one stay more than that was asked for, to see whether there is a next."""
    token = pages.encode(of_list, str(found[size - 1].stay_id)) if len(found) > size else ""
    return pb.ListGuestStaysResponse(
        stays=[_stay(one, disclosure) for one in found[:size]],
        next_page_token=token,
        withheld=lookups.withheld(disclosure),
        access_record_id=str(access_record_id),
    )


def lodging_message(declared: StayDeclaration) -> pb.Lodging:
    """Write a lodging notification as it was declared."""
    guest = declared.guest
    message = pb.Lodging(
        dwelling_id=str(declared.dwelling_id),
        full_name=guest.full_name.text,
        birth_date=fields.partial_date(guest.birth_date),
        reason=declared.reason,
        arrives_at=fields.timestamp(declared.arrives_at),
        leaves_on=fields.optional_date(declared.leaves_on),
        standing=declared.kind is StayKind.STANDING,
    )
    if isinstance(guest.document, PassportNumber):
        message.passport_number = guest.document.text
    else:
        message.personal_id_number = guest.document.digits
    return message


def foreign_stay_message(declared: StayDeclaration) -> pb.ForeignStay:
    """Write the declaration of a foreign stay as it was declared; a foreigner has a passport and a sex."""
    guest = declared.guest
    return pb.ForeignStay(
        dwelling_id=str(declared.dwelling_id),
        passport_number=guest.document.text if isinstance(guest.document, PassportNumber) else "",
        nationality=guest.nationality,
        full_name=guest.full_name.text,
        birth_date=fields.partial_date(guest.birth_date),
        sex=_SEXES[guest.sex] if guest.sex else residency_pb2.SEX_UNSPECIFIED,
        arrives_at=fields.timestamp(declared.arrives_at),
        leaves_on=fields.optional_date(declared.leaves_on),
    )


def _arrival(message: pb.Lodging | pb.ForeignStay) -> datetime:
    arrival = fields.optional_moment(message, "arrives_at")
    if arrival is None:
        raise FieldInvalidError("arrives_at", Rule("khi nào khách đến", "when the guest comes"))
    return arrival


def line_of_text(field: str, text: str) -> str:
    """Read one line of what is said; raises FieldInvalidError."""
    content = text.strip()
    if not 0 < len(content) <= _MAX_TEXT or not content.isprintable():
        raise FieldInvalidError(field, one_line(1, _MAX_TEXT))
    return content


def _stay(told: ToldStay, disclosure: Disclosure) -> pb.GuestStay:
    declared, guest = told.declared, told.declared.guest
    written = pb.GuestStay(
        stay_id=str(told.stay_id),
        dwelling_id=str(declared.dwelling_id),
        kind=pb.GuestStayKind.Value(f"GUEST_STAY_KIND_{declared.kind}"),
        nationality=guest.nationality,
        arrives_at=fields.timestamp(declared.arrives_at),
        leaves_on=fields.optional_date(declared.leaves_on),
        ended_on=fields.optional_date(told.ended_on),
        received_at=fields.timestamp(told.receipt.received_at),
        channel=channel(told.receipt),
        declare_by=fields.timestamp(told.declare_by),
        late=told.late,
        recorded_at=fields.timestamp(told.recorded_at),
        corrects_stay_id=str(told.corrects or ""),
        reference=told.reference,
    )
    lookups.show_guest(written, guest, disclosure.fields)
    if PersonField.RESIDENCES in disclosure.fields:
        written.reason = declared.reason
    return written


def channel(received: Receipt) -> pb.DeclarationChannel.ValueType:
    """Write how a declaration came in."""
    return pb.DeclarationChannel.Value(f"DECLARATION_CHANNEL_{received.channel}")
