"""The roster as the contract tells it: requests, checked field by field, and answers."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.errors import FieldInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rules import CALENDAR_MOMENT, REQUIRED, Rule, between, characters, one_line
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.duty.requests import (
    DutyWanted,
    DutyWithdrawn,
    Imported,
    OfficerWanted,
    RosterTable,
    ShiftWanted,
    SubstitutionWanted,
    UnitWanted,
)
from incidents.domain.duty.roster import (
    Contact,
    ContactChannel,
    DutyFunction,
    DutyNotFoundError,
    Gap,
    Officer,
    OnDuty,
    Shift,
    Unit,
)
from incidents.wire.fields import plain_text, read_enum
from incidents.wire.incidents import moment, timestamp
from incidents.wire.roster_table import LIMITS, read_roster
from ward.incidents.v1 import duty_pb2 as pb

_CODE = re.compile(r"[a-z0-9-]{1,32}")
_ACCOUNT = re.compile(r"[A-Za-z0-9._@-]{1,120}")
_NAME_MAX, _ADDRESS_MAX = 120, 120
# What nothing could be sent to would be found out at night. Telegram and Zalo are as their gateway has them.
_ADDRESSES = {
    ContactChannel.EMAIL: re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"),
    # However the digits are set apart.
    ContactChannel.SMS: re.compile(r"[\s.()-]*(\+[\s.()-]*)?([0-9][\s.()-]*){8,15}"),
}
_DAY_MIN, _LASTS_MAX_MIN = 24 * 60, 2 * 24 * 60
_LOOKED_AHEAD, _LOOKED_AHEAD_MAX = timedelta(days=14), timedelta(days=92)


def read_unit(request: pb.SetUnitRequest, account: str) -> UnitWanted:
    """Read a unit."""
    unit = Unit(_code("code", request.code), _name("name", request.name))
    return UnitWanted(**read_write(request, account), unit=unit)


def read_officer(request: pb.SetOfficerRequest, account: str) -> OfficerWanted:
    """Read an officer and how they are reached."""
    contacts = tuple(_contact(one) for one in request.contacts)
    if len({one.channel for one in contacts}) < len(contacts):
        raise FieldInvalidError(
            "contacts", Rule("mỗi kênh không quá một", "at most one of each channel")
        )
    return OfficerWanted(
        **read_write(request, account),
        officer=read_account("account", request.account),
        unit_code=_code("unit_code", request.unit_code),
        contacts=contacts,
    )


def read_shift(request: pb.SetShiftRequest, account: str) -> ShiftWanted:
    """Read a shift."""
    said = request.shift
    if said.begins_min >= _DAY_MIN:
        raise FieldInvalidError("shift.begins_min", between(0, _DAY_MIN - 1))
    if not 1 <= said.lasts_min <= _LASTS_MAX_MIN:
        raise FieldInvalidError("shift.lasts_min", between(1, _LASTS_MAX_MIN))
    shift = Shift(
        code=_code("shift.code", said.code),
        name=_name("shift.name", said.name),
        begins=timedelta(minutes=said.begins_min),
        lasts=timedelta(minutes=said.lasts_min),
    )
    return ShiftWanted(**read_write(request, account), shift=shift)


def read_duty(request: pb.EnterDutyRequest, account: str) -> DutyWanted:
    """Read a duty; without an end it holds until further notice."""
    begins_at = _required(request, "begins_at")
    ends_at = read_moment(request, "ends_at")
    _check_period(begins_at, ends_at)
    return DutyWanted(
        **read_write(request, account),
        function=read_enum("function", pb.DutyFunction, request.function, DutyFunction),
        officer=read_account("account", request.account),
        begins_at=begins_at,
        ends_at=ends_at,
    )


def read_withdrawal(request: pb.WithdrawDutyRequest, account: str) -> DutyWithdrawn:
    """Read which duty holds no longer; an id that cannot be ours is not found."""
    try:
        duty_id = UUID(request.duty_id)
    except ValueError as error:
        raise DutyNotFoundError from error
    return DutyWithdrawn(**read_write(request, account), duty_id=duty_id)


def read_roster_table(request: pb.ImportRosterRequest, account: str) -> RosterTable:
    """Read a table; what is wrong with it is told in the answer."""
    if len(request.table) > LIMITS.file_bytes:
        raise FieldInvalidError("table", Rule("không quá 1 MiB", "at most 1 MiB"))
    rows, problems = read_roster(request.table)
    return RosterTable(
        **read_write(request, account), rows=rows, problems=problems, dry_run=request.dry_run
    )


def read_substitution(request: pb.EnterSubstitutionRequest, account: str) -> SubstitutionWanted:
    """Read who stands in for whom."""
    officer = read_account("account", request.account)
    substitute = read_account("substitute", request.substitute)
    if officer == substitute:
        raise FieldInvalidError("substitute", Rule("một cán bộ khác", "another officer"))
    begins_at, ends_at = _required(request, "begins_at"), _required(request, "ends_at")
    _check_period(begins_at, ends_at)
    return SubstitutionWanted(
        **read_write(request, account),
        officer=officer,
        substitute=substitute,
        begins_at=begins_at,
        ends_at=ends_at,
    )


def read_at(request: pb.GetDutyRequest, now: datetime) -> datetime:
    """Read the time that is asked about; now if none is said."""
    return read_moment(request, "at") or now


def read_period(request: pb.ListDutyGapsRequest, now: datetime) -> tuple[datetime, datetime]:
    """Read the period that is asked about; two weeks from now if none is said."""
    begins_at = read_moment(request, "begins_at") or now
    try:
        ends_at = read_moment(request, "ends_at") or begins_at + _LOOKED_AHEAD
    except OverflowError as error:
        raise FieldInvalidError("begins_at", CALENDAR_MOMENT) from error
    _check_period(begins_at, ends_at)
    if ends_at - begins_at > _LOOKED_AHEAD_MAX:
        raise FieldInvalidError(
            "ends_at",
            Rule(
                f"không quá {_LOOKED_AHEAD_MAX.days} ngày sau đó",
                f"at most {_LOOKED_AHEAD_MAX.days} days later",
            ),
        )
    return begins_at, ends_at


def unit_message(unit: Unit, officers: Sequence[Officer]) -> pb.Unit:
    """Write a unit with its officers."""
    return pb.Unit(
        code=unit.code,
        name=unit.name,
        officers=[
            pb.Officer(
                account=one.account,
                channels=[
                    pb.ContactChannel.Value(f"CONTACT_CHANNEL_{channel}")
                    for channel in one.channels
                ],
            )
            for one in officers
        ],
    )


def shift_message(shift: Shift) -> pb.Shift:
    """Write a shift."""
    return pb.Shift(
        code=shift.code,
        name=shift.name,
        begins_min=int(shift.begins.total_seconds() // 60),
        lasts_min=int(shift.lasts.total_seconds() // 60),
    )


def imported_message(imported: Imported) -> pb.ImportRosterResponse:
    """Write what a table did."""
    return pb.ImportRosterResponse(
        entered=imported.entered,
        unchanged=imported.unchanged,
        problems=[pb.RosterProblem(**vars(one)) for one in imported.problems],
    )


def on_duty_message(one: OnDuty, unit_code: str) -> pb.OnDuty:
    """Write that an officer is on duty."""
    return pb.OnDuty(
        duty_id=str(one.duty.duty_id),
        function=_function(one.duty.function),
        account=one.account,
        unit_code=unit_code,
        substitute_for=one.substitute_for,
        shift_code=one.duty.shift_code,
        until=timestamp(one.duty.ends_at),
    )


def gap_message(gap: Gap) -> pb.DutyGap:
    """Write a gap."""
    return pb.DutyGap(
        function=_function(gap.function),
        begins_at=timestamp(gap.begins_at),
        ends_at=timestamp(gap.ends_at),
        there=gap.there,
        asked_for=gap.required.at_least,
        source=gap.required.source,
    )


def _function(function: DutyFunction) -> pb.DutyFunction.ValueType:
    return pb.DutyFunction.Value(f"DUTY_FUNCTION_{function}")


def read_write(request: Any, account: str) -> dict[str, Any]:  # noqa: ANN401 - any request with a request id
    """Read what every write of the roster has."""
    check_request_id(request.request_id)
    return {
        "account": account,
        "request_id": request.request_id,
        "digest": digest_of(request),
    }


def _contact(said: pb.OfficerContact) -> Contact:
    channel = read_enum("contacts.channel", pb.ContactChannel, said.channel, ContactChannel)
    address = plain_text("contacts.address", said.address, _ADDRESS_MAX)
    if not address or "\n" in address:
        raise FieldInvalidError("contacts.address", one_line(1, _ADDRESS_MAX))
    if channel in _ADDRESSES and not _ADDRESSES[channel].fullmatch(address):
        raise FieldInvalidError(
            "contacts.address",
            Rule("địa chỉ mà kênh này gửi tới được", "what the channel can reach"),
        )
    return Contact(channel, address)


def _code(field: str, text: str) -> str:
    if not _CODE.fullmatch(text):
        raise FieldInvalidError(
            field, Rule("1 đến 32 ký tự a-z 0-9 -", "1 to 32 characters a-z 0-9 -")
        )
    return text


def read_account(field: str, text: str) -> str:
    """Read an officer's account; raises FieldInvalidError."""
    if not _ACCOUNT.fullmatch(text) or may_hold_id_number(text):
        raise FieldInvalidError(
            field,
            Rule(
                "tài khoản trong mã truy cập của cán bộ (sub)", "the subject of an officer's token"
            ),
        )
    return text


def _name(field: str, text: str) -> str:
    name = plain_text(field, text, _NAME_MAX)
    if not name or may_hold_id_number(name):
        raise FieldInvalidError(field, characters(1, _NAME_MAX))
    return name


def _required(request: Any, field: str) -> datetime:  # noqa: ANN401 - generated
    said = read_moment(request, field)
    if said is None:
        raise FieldInvalidError(field, REQUIRED)
    return said


def read_moment(request: Any, field: str) -> datetime | None:  # noqa: ANN401 - generated
    """Read a moment, or None where it is not said; raises FieldInvalidError."""
    if not request.HasField(field):
        return None
    try:
        return moment(getattr(request, field))
    except (ValueError, OverflowError) as error:
        raise FieldInvalidError(field, CALENDAR_MOMENT) from error


def _check_period(begins_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= begins_at:
        raise FieldInvalidError("ends_at", Rule("sau lúc bắt đầu", "after the beginning"))
