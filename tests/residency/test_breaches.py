"""The breach register: a clock of 72 hours from finding to notice, and nothing closed that is not settled."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.broker.messages import subject_of
from chassis.clock import utc_now
from chassis.errors import FieldInvalidError, RequestIdReusedError
from chassis.storage.database import Database
from residency import tables
from residency.domain.protection.breaches import (
    Breach,
    BreachFilter,
    BreachFinding,
    BreachIdentity,
    BreachNature,
    BreachNotFoundError,
    BreachNotSettledError,
    BreachOfOwnAccountError,
    BreachPosition,
    BreachState,
    BreachStateConflictError,
    DataCategory,
    NotificationTerm,
    record,
)
from residency.operations.breaches import BreachOperations
from residency.operations.decoys import DecoyOperations
from residency.operations.requests import Moving
from residency.queries.breaches import BreachQueries
from tests.residency.conftest import Service
from tests.residency.samples import NOON, SEAL, StoppedClock, relay
from ward.residency.v1 import breaches_pb2 as pb

HOUR = timedelta(hours=1)
TERM = NotificationTerm(within=72 * HOUR, soon=24 * HOUR)
NATURE = BreachNature(
    categories=(DataCategory.NAME, DataCategory.RESIDENCE),
    persons=120,
    records=0,
    description="Tệp kết xuất bị gửi nhầm đơn vị",
    consequences="Có thể bị làm phiền qua điện thoại",
)
FINDING = BreachFinding(NOON - HOUR, "trực ban", NATURE)
DPO = "data_protection_officer"


def open_breach() -> Breach:
    """Make a breach that was found an hour before noon."""
    called = BreachIdentity(uuid4(), "11002-VP-2026-000001", "11002")
    return record(called, FINDING, "dpo-1", TERM, NOON)


def test_the_clock_runs_from_the_finding_not_from_the_record() -> None:
    """Law 91/2025/QH15 Art. 23; due soon a day before, overdue at the end."""
    breach = open_breach()
    end = NOON - HOUR + 72 * HOUR

    assert breach.notify_by == end
    assert not breach.is_due_soon(end - 24 * HOUR - timedelta(seconds=1), TERM)
    assert breach.is_due_soon(end - 24 * HOUR, TERM)
    assert not breach.is_overdue(end - timedelta(seconds=1))
    assert breach.is_overdue(end)
    assert not breach.is_due_soon(end, TERM)


def test_a_finding_in_the_future_and_a_notice_before_it_are_refused() -> None:
    """The refused field is named."""
    called = BreachIdentity(uuid4(), "11002-VP-2026-000001", "11002")
    with pytest.raises(FieldInvalidError):
        record(called, replace(FINDING, found_at=NOON + HOUR), "dpo-1", TERM, NOON)
    for moment in (NOON - 2 * HOUR, NOON + HOUR):
        with pytest.raises(FieldInvalidError):
            open_breach().notify(moment, "A05-1", NOON)


ACTS = {
    "assess": lambda breach: breach.assess(NATURE, TERM, NOON),
    "dismiss": lambda breach: breach.dismiss(),
    "notify": lambda breach: breach.notify(NOON, "A05-1", NOON),
    "waive": lambda breach: breach.waive(NOON),
    "measure": lambda breach: breach.take_measure(),
    "close": lambda breach: breach.close(),
    "alert": lambda breach: breach.alert(NOON)[0],
}


@given(st.lists(st.sampled_from(sorted(ACTS))))
def test_whatever_is_done_nothing_is_closed_that_is_not_settled(acts: list[str]) -> None:
    """Closed only after a measure, and after the notice or a reason against it; what is closed changes no more."""
    breach, done = open_breach(), set[str]()
    for act in acts:
        before = breach
        try:
            breach = ACTS[act](breach)
        except (BreachStateConflictError, BreachNotSettledError):
            assert breach == before
        else:
            done.add(act)
        if before.state is BreachState.CLOSED and act != "alert":
            assert breach == before
        if breach.state is BreachState.CLOSED:
            assert "measure" in done
            assert done & {"notify", "waive"}
        assert not (breach.clock_runs and done & {"notify", "waive"})


@pytest.mark.parametrize(
    ("known_since", "restarts"),
    [
        (replace(NATURE, persons=NATURE.persons + 1), True),
        (replace(NATURE, records=NATURE.records + 1), True),
        (replace(NATURE, categories=tuple(DataCategory)), True),
        (replace(NATURE, persons=0, description="Ít hơn đã tưởng"), False),
    ],
)
def test_what_turns_out_graver_than_it_was_when_waived_is_decided_anew(
    known_since: BreachNature, *, restarts: bool
) -> None:
    """Its clock starts with the finding; one that the authority was told of runs no more."""
    waived, later = open_breach().waive(NOON), NOON + 100 * HOUR
    assessed = waived.assess(known_since, TERM, later)
    told = open_breach().notify(NOON, "A05-1", NOON).assess(known_since, TERM, later)

    assert assessed.clock_runs is restarts
    assert (assessed.notify_by == later + 72 * HOUR) is restarts
    assert (assessed.alert_at == later + 48 * HOUR) is restarts
    assert not told.clock_runs


@dataclass
class Register:
    """The register with its clock."""

    database: Database
    clock: StoppedClock
    operations: BreachOperations
    queries: BreachQueries

    async def recorded(self, request_id: str = "request-1", digest: bytes = b"x") -> Breach:
        """Record a breach."""
        return await self.operations.record(FINDING, "dpo-1", request_id, digest)

    async def events(self, kind: Any) -> list[Any]:
        """Read the events of a kind that wait in the outbox."""
        outbox = tables.outbox.c
        statement = (
            select(outbox.payload)
            .where(outbox.subject == subject_of(kind))
            .order_by(outbox.position)
        )
        async with self.database.transaction() as tx:
            return [kind.FromString(one) for one in await tx.scalars(statement)]

    async def listed(self, **chosen: Any) -> list[str]:
        """List the numbers of breaches."""
        wanted = BreachFilter(**chosen)
        _, found = await self.queries.list_breaches(wanted, None, 9, self.clock.now)
        return numbers(found)


def numbers(found: Iterable[Breach]) -> list[str]:
    """Give the numbers of breaches."""
    return [one.breach_number for one in found]


def asked(breach: Breach, **fields: Any) -> Moving:
    """Ask to move a breach under a new request id."""
    request = Moving("dpo-1", breach.breach_number, str(uuid4()), b"x")
    return replace(request, **fields)


@pytest.fixture
def register(database: Database) -> Register:
    """Have an empty register."""
    clock = StoppedClock()
    operations = BreachOperations(database, relay(database, clock), clock, SEAL, "11002")
    return Register(database, clock, operations, BreachQueries(database))


@pytest.mark.postgres
async def test_a_breach_goes_from_record_to_close_with_its_history(register: Register) -> None:
    """Each act is in the history and published, and the notice tells all that is known."""
    breach = await register.recorded()
    do = register.operations
    with pytest.raises(BreachNotSettledError):
        await do.close(asked(breach), "Đã xong")
    await do.assess(asked(breach), replace(NATURE, persons=150))
    await do.take_measure(asked(breach), "Đã thu hồi tệp")
    await do.notify(asked(breach), NOON, "A05-2026-7")
    closed = await do.close(asked(breach), "Đã xong")
    whole = await register.queries.get(breach.breach_number)
    told = await register.events(pb.BreachMoved)

    assert whole.breach == closed
    assert (closed.state, closed.nature) == ("CLOSED", replace(NATURE, persons=150))
    assert breach.breach_number == "11002-VP-2026-000001"
    acts = ["RECORD", "ASSESS", "MEASURE", "NOTIFY", "CLOSE"]
    assert [entry.act for entry in whole.history] == acts
    assert [pb.BreachAct.Name(one.act) for one in told] == [f"BREACH_ACT_{act}" for act in acts]
    assert all(NATURE.description not in str(one) for one in told)


@pytest.mark.postgres
async def test_a_repeat_changes_nothing(register: Register) -> None:
    """Neither of the record nor of an act; another content under the same key is refused."""
    breach = await register.recorded()
    assert await register.recorded() == breach
    with pytest.raises(RequestIdReusedError):
        await register.recorded(digest=b"y")
    measuring = asked(breach)
    await register.operations.take_measure(measuring, "Đã thu hồi tệp")
    again = await register.operations.take_measure(measuring, "Đã thu hồi tệp")

    assert again.measures == 1
    assert await register.listed() == [breach.breach_number]
    with pytest.raises(BreachNotFoundError):
        await register.operations.waive(
            asked(breach, number="11002-VP-2026-000009"), "Không có hại"
        )


@pytest.mark.postgres
async def test_the_end_of_the_term_is_told_ahead_and_when_it_is_over(register: Register) -> None:
    """Once each, whoever tells it; who was notified of is told of no more."""
    breach = await register.recorded()
    settled = await register.recorded("request-2", b"z")
    await register.operations.waive(asked(settled), "Không thể gây hại")
    graver = await register.recorded("request-3", b"w")
    await register.operations.waive(asked(graver), "Không thể gây hại")
    decided_anew = await register.operations.assess(asked(graver), replace(NATURE, persons=9999))
    await register.operations.notify(asked(graver), NOON, "A05-2026-8")

    async def told_at(hours: float) -> list[bool]:
        register.clock.now = FINDING.found_at + hours * HOUR
        both = await asyncio.gather(*(register.operations.announce_due() for _ in range(2)))
        assert sum(both) <= 1
        events = await register.events(pb.BreachNotificationDue)
        assert {one.breach_number for one in events} <= {breach.breach_number}
        return [one.overdue for one in events]

    assert decided_anew.clock_runs
    assert await told_at(47.9) == []
    assert await told_at(48) == [False]
    assert await register.listed(due_soon=True) == [breach.breach_number]
    assert await told_at(71.9) == [False]
    assert await told_at(72) == [False, True]
    assert await told_at(99) == [False, True]
    assert await register.listed(overdue=True) == [breach.breach_number]
    assert await register.listed(due_soon=True) == []
    figures = await register.queries.figures(register.clock.now)
    assert (figures.open, figures.overdue) == (3, 1)


@pytest.mark.postgres
async def test_after_a_long_outage_only_the_end_is_told(register: Register) -> None:
    """What is over is not called due soon."""
    await register.recorded()
    register.clock.now += 100 * HOUR
    while await register.operations.announce_due():
        pass

    assert [one.overdue for one in await register.events(pb.BreachNotificationDue)] == [True]


@pytest.mark.postgres
async def test_lists_are_read_by_pages_and_by_state(register: Register) -> None:
    """Oldest first."""
    first, second = await register.recorded(), await register.recorded("request-2", b"z")
    in_order = sorted([first, second], key=lambda one: (one.found_at, one.breach_id))
    position = BreachPosition(in_order[0].found_at, in_order[0].breach_id)
    _, behind = await register.queries.list_breaches(BreachFilter(), position, 9, NOON)

    assert await register.listed(state=BreachState.OPEN) == numbers(in_order)
    assert await register.listed(state=BreachState.CLOSED) == []
    assert numbers(behind) == [in_order[1].breach_number]


@pytest.mark.postgres
async def test_looks_at_decoys_are_one_suspicion_an_account(register: Register) -> None:
    """Also at once, from two replicas; after it is dismissed the next look is a new one."""
    database, clock = register.database, register.clock
    decoys = DecoyOperations(database, relay(database, clock), clock, SEAL, "11002")
    decoys._subjects = frozenset({"decoy"})  # noqa: SLF001 - as `refresh` finds them
    looks = (decoys.watch(account, ["decoy"], uuid4()) for account in ("a", "a", "a", "b"))
    await asyncio.gather(*looks)
    _, suspected = await register.queries.list_breaches(
        BreachFilter(state=BreachState.SUSPECTED), None, 9, NOON
    )
    of_a = next(one for one in suspected if one.suspect == "a")
    history = (await register.queries.get(of_a.breach_number)).history
    await register.operations.dismiss(asked(of_a), "Kiểm thử nội bộ có phép")
    await decoys.watch("a", ["decoy"], uuid4())

    assert sorted(one.suspect for one in suspected) == ["a", "b"]
    assert [entry.act for entry in history] == ["SUSPECT", "SUSPECT_AGAIN", "SUSPECT_AGAIN"]
    assert of_a.notify_by == NOON + 72 * HOUR
    assert len(await register.listed(state=BreachState.SUSPECTED)) == 2


@pytest.mark.postgres
async def test_who_is_suspected_does_not_let_the_breach_go(register: Register) -> None:
    """An officer for data protection may look at a decoy too: the suspicion stays until another decides."""
    database, clock, do = register.database, register.clock, register.operations
    decoys = DecoyOperations(database, relay(database, clock), clock, SEAL, "11002")
    decoys._subjects = frozenset({"decoy"})  # noqa: SLF001 - as `refresh` finds them
    await decoys.watch("dpo-1", ["decoy"], uuid4())
    _, (suspected,) = await register.queries.list_breaches(BreachFilter(), None, 9, NOON)
    with pytest.raises(BreachOfOwnAccountError):
        await do.dismiss(asked(suspected), "Kiểm thử nội bộ có phép")
    await do.assess(asked(suspected), NATURE)
    await do.take_measure(asked(suspected), "Đã khóa tài khoản")
    with pytest.raises(BreachOfOwnAccountError):
        await do.notify(asked(suspected), NOON, "CV-BỊA")
    with pytest.raises(BreachOfOwnAccountError):
        await do.waive(asked(suspected), "Không thể gây hại")
    await do.waive(asked(suspected, account="dpo-2"), "Không thể gây hại")
    with pytest.raises(BreachOfOwnAccountError):
        await do.close(asked(suspected), "Đã xong")
    closed = await do.close(asked(suspected, account="dpo-2"), "Đã xong")

    assert closed.state is BreachState.CLOSED


def recording(**fields: Any) -> pb.RecordBreachRequest:
    """Ask to record a breach."""
    found_at = Timestamp()
    found_at.FromDatetime(utc_now() - HOUR)
    nature = pb.BreachNature(
        categories=[pb.DATA_CATEGORY_NAME, pb.DATA_CATEGORY_HEALTH],
        persons=3,
        description=NATURE.description,
        consequences=NATURE.consequences,
    )
    wanted: dict[str, Any] = {
        "request_id": str(uuid4()),
        "found_at": found_at,
        "found_by": "trực ban",
        "nature": nature,
    }
    return pb.RecordBreachRequest(**(wanted | fields))


@pytest.mark.postgres
@pytest.mark.nats
async def test_the_register_over_grpc(service: Service) -> None:
    """Every method once, and what is refused with which reason."""
    number_ = (await service.call("RecordBreach", recording(), DPO)).breach.breach_number
    nature = recording().nature

    async def act(method: str, **fields: Any) -> pb.Breach:
        request = getattr(pb, f"{method}Request")(
            breach_number=number_, request_id=str(uuid4()), **fields
        )
        breach: pb.Breach = (await service.call(method, request, DPO)).breach
        return breach

    await act("AssessBreach", nature=nature)
    await act("AddMeasure", measure="Đã đổi mật khẩu")
    waived = await act("WaiveNotification", reason="Không thể gây hại")
    notified = await act(
        "NotifyAuthority", notified_at=recording().found_at, authority_reference="A05-1"
    )
    await act("CloseBreach", conclusion="Đã xong")
    whole = await service.call("GetBreach", pb.GetBreachRequest(breach_number=number_), DPO)
    listed = await service.call("ListBreaches", pb.ListBreachesRequest(), "ward_executive")
    dismissing = pb.DismissBreachRequest(
        breach_number=number_, request_id=str(uuid4()), reason="Nhầm"
    )
    refused = {
        "role": await service.refusal("RecordBreach", recording(), "residence_officer"),
        "nature": await service.refusal("RecordBreach", recording(nature=None), DPO),
        "number": await service.refusal("RecordBreach", recording(found_by="999090000001"), DPO),
        "moment": await service.refusal("RecordBreach", recording(found_at=None), DPO),
        "state": await service.refusal("DismissBreach", dismissing, DPO),
        "other": await service.refusal("GetBreach", pb.GetBreachRequest(breach_number="1"), DPO),
    }

    assert waived.HasField("waived_at")
    assert (notified.authority_reference, notified.overdue) == ("A05-1", False)
    assert whole.breach.state == pb.BREACH_STATE_CLOSED
    assert len(whole.history) == 6
    assert "Số chủ thể dữ liệu bị ảnh hưởng (ước tính): 3" in whole.notice
    assert "Số bản ghi (ước tính): chưa xác định" in whole.notice
    assert "- Đã đổi mật khẩu" in whole.notice
    assert "dữ liệu nhạy cảm" in whole.notice
    assert [one.breach_number for one in listed.breaches] == [number_]
    assert {name: one.reason for name, one in refused.items()} == {
        "role": "ROLE_NOT_ALLOWED",
        "nature": "FIELD_INVALID",
        "number": "FIELD_INVALID",
        "moment": "FIELD_INVALID",
        "state": "BREACH_STATE_CONFLICT",
        "other": "BREACH_NOT_FOUND",
    }
