"""The roster: who is on duty, who stands in, what is missing ahead."""

import io
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import ward_time
from chassis.errors import FieldInvalidError
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.duty.roster import (
    Duty,
    DutyFunction,
    Requirement,
    Roster,
    Shift,
    Substitution,
)
from incidents.domain.rules.escalation import Recipient
from incidents.wire.duty import read_officer
from incidents.wire.incidents import timestamp
from incidents.wire.roster_table import read_roster
from tests.incidents.conftest import Service
from tests.incidents.samples import NIGHT, rows
from ward.incidents.v1 import duty_pb2 as pb

HOUR = timedelta(hours=1)
LEADS, DEPUTY, EXECUTIVE = (
    DutyFunction.DUTY_OFFICER,
    DutyFunction.DEPUTY_DUTY_OFFICER,
    DutyFunction.WARD_EXECUTIVE,
)
ONE = Requirement(LEADS, 1, "a test")
EMAIL = pb.OfficerContact(channel=pb.CONTACT_CHANNEL_EMAIL, address="an@phuong.example")
SMS = pb.OfficerContact(channel=pb.CONTACT_CHANNEL_SMS, address="0100 000 001")

hours = st.integers(min_value=0, max_value=48)


def duty(account: str, begins: int, ends: int | None, function: DutyFunction = LEADS) -> Duty:
    """Make a duty from and until so many hours of the night."""
    ends_at = None if ends is None else NIGHT + ends * HOUR
    return Duty(UUID(int=0), function, account, NIGHT + begins * HOUR, ends_at)


def substitution(account: str, substitute: str, begins: int = 0, ends: int = 48) -> Substitution:
    """Make a substitution likewise."""
    return Substitution(
        UUID(int=0), account, substitute, NIGHT + begins * HOUR, NIGHT + ends * HOUR
    )


def accounts(roster: Roster, hour: int) -> list[tuple[str, str]]:
    """Tell who is on duty at an hour, and in whose place."""
    return [(one.account, one.substitute_for) for one in roster.at(NIGHT + hour * HOUR)]


def test_a_duty_holds_from_its_beginning_to_its_end() -> None:
    """The end belongs to whoever comes next; without an end it goes on."""
    roster = Roster([duty("an", 0, 8), duty("binh", 8, 16), duty("chi", 4, None, EXECUTIVE)])

    assert accounts(roster, 0) == [("an", "")]
    assert accounts(roster, 8) == [("binh", ""), ("chi", "")]
    assert accounts(roster, 47) == [("chi", "")]


def test_a_substitute_takes_the_place_and_may_have_one_too() -> None:
    """For the time that was said; of two for one officer the last one holds, and a circle ends."""
    there = [duty("an", 0, 24)]
    chain = [substitution("an", "binh", 0, 8), substitution("binh", "chi", 4, 8)]
    later = [*chain, substitution("an", "dung", 6, 7)]

    assert accounts(Roster(there, chain), 0) == [("binh", "an")]
    assert accounts(Roster(there, chain), 4) == [("chi", "an")]
    assert accounts(Roster(there, chain), 8) == [("an", "")]
    assert accounts(Roster(there, later), 6) == [("dung", "an")]
    circle = [substitution("an", "binh"), substitution("binh", "an")]
    assert accounts(Roster(there, circle), 0) == [("binh", "an")]


def test_where_nobody_is_on_shift_the_executive_stands_in() -> None:
    """Each account is reached once in a step; everybody means everybody."""
    roster = Roster([duty("an", 0, 8, DEPUTY), duty("chi", 0, None, EXECUTIVE)])
    reached = roster.reached(
        [Recipient.DUTY_OFFICER, Recipient.EVERYONE, Recipient.PREMISES_CONTACTS], NIGHT
    )

    assert reached == {
        Recipient.DUTY_OFFICER: ["chi"],
        Recipient.EVERYONE: ["an"],
        Recipient.PREMISES_CONTACTS: [],
    }
    assert Roster([]).reached([Recipient.DUTY_OFFICER], NIGHT) == {Recipient.DUTY_OFFICER: []}


@given(st.lists(st.tuples(st.sampled_from("abc"), hours, hours), max_size=6))
def test_gaps_are_exactly_the_times_in_which_too_few_are_there(
    spans: list[tuple[str, int, int]],
) -> None:
    """Every hour of two days is in a gap, or somebody is there; gaps touch none of their own kind."""
    roster = Roster([duty(who, min(a, b), max(a, b)) for who, a, b in spans if a != b])
    gaps = roster.gaps([ONE], NIGHT, NIGHT + 48 * HOUR)

    for hour in range(48):
        at = NIGHT + hour * HOUR
        inside = [gap for gap in gaps if gap.begins_at <= at < gap.ends_at]
        assert len(inside) == (0 if roster.at(at) else 1)
    assert all(a.ends_at < b.begins_at for a, b in pairwise(gaps))


def test_a_shift_lasts_past_midnight() -> None:
    """By the ward's clocks."""
    shift = Shift("dem", "Ca đêm", begins=timedelta(hours=22), lasts=timedelta(hours=8))
    begins_at, ends_at = shift.on(date(2026, 1, 5))

    assert begins_at == ward_time(date(2026, 1, 5), 22)
    assert ends_at == ward_time(date(2026, 1, 6), 6)


def test_a_table_is_read_as_people_write_it() -> None:
    """Headings and functions in Vietnamese or English, with diacritics or without, days as here or by ISO 8601."""
    written = "Ngày;Ca;Chức trách;Tài khoản\n5/1/2026;dem;Trực ban;an\n2026-01-06;ngay;ward_executive;chi\n"
    read, problems = read_roster(written.encode())

    assert [(row.day, row.shift_code, row.function, row.officer) for row in read] == [
        (date(2026, 1, 5), "dem", LEADS, "an"),
        (date(2026, 1, 6), "ngay", EXECUTIVE, "chi"),
    ]
    assert problems == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Ngày,Ca,Chức trách\n", [(0, "")]),
        ("Ngày,Ca,Chức trách,Tài khoản\n", [(0, "")]),
        ("Ngày,Ca,Chức trách,Tài khoản\n32/1/2026,,cảnh sát,an\n", [(2, "day"), (2, "shift"), (2, "function")]),
        ("day,shift,function,account,name\n", [(0, "")]),
        ("Ngày,Ca,Chức trách,Tài khoản\n5/1/2026,dem,Trực ban,an,chi\n", [(2, "")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_told_by_row_and_column(
    written: str, expected: list[tuple[int, str]]
) -> None:
    """In both languages; 0 is the whole file."""
    read, problems = read_roster(written.encode())

    assert read == ()
    assert [(one.row, one.column) for one in problems] == expected
    assert all(one.vi and one.en for one in problems)


def test_a_missing_column_is_named_as_officers_write_it() -> None:
    """Who has only the Vietnamese headings is not sent looking for another one."""
    _, (problem,) = read_roster("Ngày,Ca,Chức trách\n".encode())

    assert problem.vi.endswith("Tài khoản (account)")


async def entered(service: Service) -> None:
    """Enter a unit, two officers and a shift."""
    await call(service, "SetUnit", pb.SetUnitRequest(code="to-1", name="Tổ 1"))
    for account, contacts in (("an", [EMAIL, SMS]), ("chi", [])):
        await call(
            service,
            "SetOfficer",
            pb.SetOfficerRequest(account=account, unit_code="to-1", contacts=contacts),
        )
    shift = pb.Shift(code="dem", name="Ca đêm", begins_min=22 * 60, lasts_min=8 * 60)
    await call(service, "SetShift", pb.SetShiftRequest(shift=shift))


async def call(service: Service, method: str, request: Any) -> Any:
    """Call as the ward executive, with a request id of its own."""
    request.request_id = str(uuid4())
    return await service.call(method, request, "ward_executive")


@pytest.mark.postgres
@pytest.mark.nats
async def test_what_the_roster_says_already_is_not_entered_twice(
    service: Service, database: Database
) -> None:
    """Its id is told, to a repeat too; with another end it is refused, until the first one is withdrawn."""
    await entered(service)
    asked = pb.EnterDutyRequest(
        function=pb.DUTY_FUNCTION_DUTY_OFFICER,
        account="an",
        begins_at=timestamp(NIGHT + HOUR),
        ends_at=timestamp(NIGHT + 9 * HOUR),
    )
    ids = {(await call(service, "EnterDuty", asked)).duty_id for _ in range(2)}
    ids.add((await service.call("EnterDuty", asked, "ward_executive")).duty_id)
    asked.ends_at.CopyFrom(timestamp(NIGHT + 5 * HOUR))
    asked.request_id = str(uuid4())
    refused = await service.refusal("EnterDuty", asked, "ward_executive")

    assert refused.reason == "DUTY_ENTERED_OTHERWISE"
    assert {str(row.duty_id) for row in await rows(database, tables.duties)} == ids


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_row_that_contradicts_the_roster_or_another_row_is_told(
    service: Service, database: Database
) -> None:
    """Two shifts that begin at once for one officer; a duty that was ended since is no contradiction."""
    await entered(service)
    long = pb.Shift(code="dai", name="Ca dài", begins_min=22 * 60, lasts_min=12 * 60)
    await call(service, "SetShift", pb.SetShiftRequest(shift=long))
    both = table("5/1/2026,dem,Trực ban,an", "5/1/2026,dai,Trực ban,an")
    twice = await call(service, "ImportRoster", pb.ImportRosterRequest(table=both))
    night = table("5/1/2026,dem,Trực ban,an")
    await call(service, "ImportRoster", pb.ImportRosterRequest(table=night))
    other = table("5/1/2026,dai,Trực ban,an")
    contradicting = await call(service, "ImportRoster", pb.ImportRosterRequest(table=other))
    short = pb.Shift(code="dem", name="Ca đêm", begins_min=22 * 60, lasts_min=6 * 60)
    await call(service, "SetShift", pb.SetShiftRequest(shift=short))
    again = await call(service, "ImportRoster", pb.ImportRosterRequest(table=night))

    assert [(one.row, one.column) for one in twice.problems] == [(3, "shift")]
    assert [(one.row, one.column) for one in contradicting.problems] == [(2, "shift")]
    assert (again.entered, again.unchanged, list(again.problems)) == (0, 1, [])
    assert len(await rows(database, tables.duties)) == 1


def table(*lines: str) -> bytes:
    """Write a table."""
    written = io.StringIO()
    written.write("\n".join(["Ngày,Ca,Chức trách,Tài khoản", *lines]))
    return written.getvalue().encode()


async def on_duty(service: Service, at: datetime) -> pb.GetDutyResponse:
    """Ask who is on duty at a time."""
    told: pb.GetDutyResponse = await service.call("GetDuty", pb.GetDutyRequest(at=timestamp(at)))
    return told


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_roster_is_kept_and_asked(service: Service, database: Database) -> None:
    """From a table to who is on duty at two at night; contacts lie sealed and are told to nobody."""
    await entered(service)
    night = table("5/1/2026,dem,Trực ban,an")
    dry = await call(service, "ImportRoster", pb.ImportRosterRequest(table=night, dry_run=True))
    assert (dry.entered, await rows(database, tables.duties)) == (1, [])

    first = await call(service, "ImportRoster", pb.ImportRosterRequest(table=night))
    again = await call(service, "ImportRoster", pb.ImportRosterRequest(table=night))
    wrong = await call(
        service,
        "ImportRoster",
        pb.ImportRosterRequest(
            table=table("6/1/2026,dem,Trực ban,an", "6/1/2026,trua,Trực ban,ai")
        ),
    )
    assert [(one.entered, one.unchanged) for one in (first, again, wrong)] == [
        (1, 0),
        (0, 1),
        (0, 0),
    ]
    assert [(one.row, one.column) for one in wrong.problems] == [(3, "shift"), (3, "account")]
    assert len(await rows(database, tables.duties)) == 1

    told = await on_duty(service, NIGHT)
    assert [(one.account, one.unit_code, one.shift_code) for one in told.on_duty] == [
        ("an", "to-1", "dem")
    ]
    assert not told.executive_stands_in
    await call(
        service,
        "EnterSubstitution",
        pb.EnterSubstitutionRequest(
            account="an",
            substitute="chi",
            begins_at=timestamp(NIGHT),
            ends_at=timestamp(NIGHT + HOUR),
        ),
    )
    (there,) = (await on_duty(service, NIGHT)).on_duty
    assert (there.account, there.substitute_for) == ("chi", "an")
    assert (await on_duty(service, NIGHT + 24 * HOUR)).executive_stands_in

    units = await service.call("ListUnits", pb.ListUnitsRequest())
    assert [list(one.channels) for one in units.units[0].officers] == [
        [pb.CONTACT_CHANNEL_EMAIL, pb.CONTACT_CHANNEL_SMS],
        [],
    ]
    stored = await rows(database, tables.officers)
    assert all(b"phuong.example" not in row.contacts_sealed for row in stored)
    assert [
        one.code for one in (await service.call("ListShifts", pb.ListShiftsRequest())).shifts
    ] == ["dem"]


@pytest.mark.postgres
@pytest.mark.nats
async def test_gaps_are_told_ahead_and_duties_end(service: Service) -> None:
    """A duty until further notice leaves no gap; withdrawn it is one again, and a second time it is not found."""
    await entered(service)
    begins_at, ends_at = timestamp(NIGHT + 9000 * 24 * HOUR), timestamp(NIGHT + 9001 * 24 * HOUR)
    period = pb.ListDutyGapsRequest(begins_at=begins_at, ends_at=ends_at)
    before = await service.call("ListDutyGaps", period)
    asked = pb.EnterDutyRequest(
        function=pb.DUTY_FUNCTION_DUTY_OFFICER, account="an", begins_at=begins_at
    )
    duty_id = (await call(service, "EnterDuty", asked)).duty_id
    repeated = (await service.call("EnterDuty", asked, "ward_executive")).duty_id
    between = await service.call("ListDutyGaps", period)
    await call(service, "WithdrawDuty", pb.WithdrawDutyRequest(duty_id=duty_id))
    after = await service.call("ListDutyGaps", period)
    withdrawn = pb.WithdrawDutyRequest(duty_id=duty_id, request_id=str(uuid4()))
    refused = await service.refusal("WithdrawDuty", withdrawn)
    at_the_end = timestamp(datetime(9999, 12, 31, tzinfo=UTC))
    first = timestamp(datetime.min.replace(tzinfo=UTC))
    asked.begins_at.CopyFrom(first)
    never = await service.refusal("EnterDuty", asked, "ward_executive")
    endless = await service.refusal("ListDutyGaps", pb.ListDutyGapsRequest(begins_at=at_the_end))

    assert [gap.function for gap in before.gaps] == [
        pb.DUTY_FUNCTION_DUTY_OFFICER,
        pb.DUTY_FUNCTION_WARD_EXECUTIVE,
    ]
    assert before.gaps[0].source
    assert [gap.function for gap in between.gaps] == [pb.DUTY_FUNCTION_WARD_EXECUTIVE]
    assert repeated == duty_id
    assert after.gaps == before.gaps
    assert refused.reason == "DUTY_NOT_FOUND"
    assert endless.reason == never.reason == "FIELD_INVALID"


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (pb.CONTACT_CHANNEL_EMAIL, "an"),
        (pb.CONTACT_CHANNEL_EMAIL, "an@phuong..example"),
        (pb.CONTACT_CHANNEL_SMS, "0100 000 00l"),
        (pb.CONTACT_CHANNEL_SMS, "114"),
        (pb.CONTACT_CHANNEL_SMS, "0--------"),
    ],
)
def test_what_no_message_could_reach_is_refused(
    channel: pb.ContactChannel.ValueType, address: str
) -> None:
    """When it is entered, by day: at night nobody would be told."""
    contact = pb.OfficerContact(channel=channel, address=address)
    request = pb.SetOfficerRequest(
        request_id=str(uuid4()), account="an", unit_code="to-1", contacts=[contact]
    )
    with pytest.raises(FieldInvalidError):
        read_officer(request, "chi")


@pytest.mark.parametrize("address", ["(0100) 382 50000", "+84\u00a0100.382-5000"])
def test_a_number_may_be_set_apart_as_people_do(address: str) -> None:
    """Brackets, dots and spaces of any kind."""
    contact = pb.OfficerContact(channel=pb.CONTACT_CHANNEL_SMS, address=address)
    request = pb.SetOfficerRequest(
        request_id=str(uuid4()), account="an", unit_code="to-1", contacts=[contact]
    )

    assert read_officer(request, "chi").contacts[0].address == address


@pytest.mark.postgres
@pytest.mark.nats
async def test_what_the_roster_cannot_hold_is_refused(service: Service) -> None:
    """With its reason."""
    await entered(service)
    unknown = pb.SetOfficerRequest(account="an", unit_code="to-9")
    nobody = pb.EnterDutyRequest(
        function=pb.DUTY_FUNCTION_RESPONDER, account="ai", begins_at=timestamp(NIGHT)
    )
    citizen = pb.SetOfficerRequest(account="999000000001", unit_code="to-1")
    oneself = pb.EnterSubstitutionRequest(
        account="an", substitute="an", begins_at=timestamp(NIGHT), ends_at=timestamp(NIGHT + HOUR)
    )
    reasons = []
    for method, request in (
        ("SetOfficer", unknown),
        ("EnterDuty", nobody),
        ("SetOfficer", citizen),
        ("EnterSubstitution", oneself),
    ):
        request.request_id = str(uuid4())  # type: ignore[attr-defined] # every write has one
        reasons.append((await service.refusal(method, request, "ward_executive")).reason)

    assert reasons == ["UNIT_NOT_FOUND", "OFFICER_NOT_FOUND", "FIELD_INVALID", "FIELD_INVALID"]
