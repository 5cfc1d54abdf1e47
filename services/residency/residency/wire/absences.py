"""Temporary absences: requests as they are read, answers as they are written."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.rpc import pages
from chassis.rules import Rule
from residency.domain.lookups.disclosure import Disclosure, PersonField
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.absences import (
    AbsenceContent,
    AbsenceCorrection,
    AbsenceDeclaration,
    AbsenceGround,
    ToldAbsence,
)
from residency.domain.residence.registrations import Term
from residency.wire import fields, lookups, stays
from ward.residency.v1 import lookups_pb2
from ward.residency.v1 import stays_pb2 as pb


def declaration(request: pb.DeclareAbsenceRequest, number: PersonalIdNumber) -> AbsenceDeclaration:
    """Read the declaration of an absence of who has a number."""
    return AbsenceDeclaration(number, content(request.absence))


def correction(request: pb.CorrectAbsenceRequest) -> AbsenceCorrection:
    """Read what the declaration of an absence should have said."""
    return AbsenceCorrection(content(request.absence), fields.optional_day(request, "ended_on"))


def content(message: pb.Absence) -> AbsenceContent:
    """Read what is declared of an absence besides who."""
    try:
        name = pb.AbsenceGround.Name(message.ground)
        ground = AbsenceGround(name.removeprefix("ABSENCE_GROUND_"))
    except ValueError:
        raise FieldInvalidError(
            "ground", Rule("điểm c hoặc d khoản 1 Điều 31", "point c or d of Art. 31(1)")
        ) from None
    return AbsenceContent(
        ground=ground,
        reason=stays.line_of_text("reason", message.reason),
        destination=stays.line_of_text("destination", message.destination),
        term=Term(
            fields.day("valid_from", message.valid_from),
            fields.optional_day(message, "valid_until"),
        ),
    )


def message(said: AbsenceContent) -> pb.Absence:
    """Write an absence as it was declared."""
    return pb.Absence(
        ground=pb.AbsenceGround.Value(f"ABSENCE_GROUND_{said.ground}"),
        reason=said.reason,
        destination=said.destination,
        valid_from=fields.date_message(said.term.valid_from),
        valid_until=fields.optional_date(said.term.valid_until),
    )


def absences_page(
    found: Sequence[tuple[ToldAbsence, lookups_pb2.Person]],
    size: int,
    of_list: str,
    disclosure: Disclosure,
    access_record_id: UUID,
) -> pb.ListAbsencesResponse:
    """Write a page of `size`; one absence more than that was asked for, to see whether there is a next."""
    token = pages.encode(of_list, str(found[size - 1][0].absence_id)) if len(found) > size else ""
    return pb.ListAbsencesResponse(
        absences=[_told_absence(one, person, disclosure) for one, person in found[:size]],
        next_page_token=token,
        withheld=lookups.withheld(disclosure),
        access_record_id=str(access_record_id),
    )


def _told_absence(
    told: ToldAbsence, person: lookups_pb2.Person, disclosure: Disclosure
) -> pb.DeclaredAbsence:
    shown = PersonField.RESIDENCES in disclosure.fields
    return pb.DeclaredAbsence(
        absence_id=str(told.absence_id),
        person=person,
        absence=message(
            told.content if shown else replace(told.content, reason="", destination="")
        ),
        ended_on=fields.optional_date(told.ended_on),
        received_at=fields.timestamp(told.receipt.received_at),
        channel=stays.channel(told.receipt),
        recorded_at=fields.timestamp(told.recorded_at),
        corrects_absence_id=str(told.corrects or ""),
        reference=told.reference,
    )
