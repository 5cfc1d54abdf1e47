"""Sheets of shift handovers: requests, checked field by field, and what is told of them."""

from uuid import UUID

from chassis.rpc import pages
from incidents.domain.duty.requests import ShiftHandoverSigned, ShiftHandoverWanted
from incidents.domain.duty.shift_handovers import Sheet, ShiftHandover, ShiftHandoverNotFoundError
from incidents.wire.brief import modes_in_force
from incidents.wire.duty import read_write
from incidents.wire.fields import read_note
from incidents.wire.incidents import incident_message, timestamp
from incidents.wire.tasks import task_message
from ward.incidents.v1 import shift_handovers_pb2 as pb


def read_shift_handover(request: pb.HandOverShiftRequest, account: str) -> ShiftHandoverWanted:
    """Read what the sheet does not say."""
    return ShiftHandoverWanted(
        **read_write(request, account), notes=read_note(request.notes, "notes")
    )


def read_signature(request: pb.SignShiftHandoverRequest, account: str) -> ShiftHandoverSigned:
    """Read which sheet is signed; an id that cannot be ours is not found."""
    try:
        shift_handover_id = UUID(request.shift_handover_id)
    except ValueError as error:
        raise ShiftHandoverNotFoundError from error
    return ShiftHandoverSigned(**read_write(request, account), shift_handover_id=shift_handover_id)


def page_token(last: ShiftHandover) -> str:
    """Make the token of the page that follows a sheet."""
    return pages.encode(last.at.isoformat(), str(last.shift_handover_id))


def sheet_message(sheet: Sheet) -> pb.ShiftHandoverSheet:
    """Write a sheet."""
    return pb.ShiftHandoverSheet(
        at=timestamp(sheet.at),
        open_incidents=[incident_message(one) for one in sheet.open_incidents],
        overdue_tasks=[task_message(one, sheet.at) for one in sheet.overdue_tasks],
        overdue_reports=[
            pb.OverdueReport(number=one.number, clock=one.clock, due_at=timestamp(one.due_at))
            for one in sheet.overdue_reports
        ],
        devices_out=[
            pb.DevicesOut(premises_id=one.premises_id, place=one.place, device_ids=one.device_ids)
            for one in sheet.devices_out
        ],
        modes_in_force=[
            pb.ModeInForce(mode=mode, place=one.place)
            for one in sheet.modes_in_force
            for mode in modes_in_force([one.mode], sheet.at)
        ],
    )


def shift_handover_message(shift_handover: ShiftHandover) -> pb.ShiftHandover:
    """Write a sheet as it was, with its signature."""
    return pb.ShiftHandover(
        shift_handover_id=str(shift_handover.shift_handover_id),
        sheet=pb.ShiftHandoverSheet.FromString(shift_handover.sheet),
        given_by=shift_handover.given_by,
        notes=shift_handover.notes,
        signed_by=shift_handover.signed_by,
        signed_at=timestamp(shift_handover.signed_at),
    )
