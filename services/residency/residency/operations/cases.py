"""Residence cases: made, moved, and with their approval entered into the register."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from chassis import context
from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.cases.declarations import CaseKind, ResidenceDeclaration
from residency.domain.cases.machine import Caller, Case
from residency.domain.cases.states import CaseAct, CaseChannel, RefusalGround
from residency.domain.cases.told import HistoryEntry
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.operations.account import concerns
from residency.operations.case_changes import CaseChanges
from residency.operations.case_opening import draft
from residency.operations.requests import claim
from residency.repository import cases, population
from residency.repository.cases import CaseSeal

# Of these the register is asked whether they could be entered, and so about who is named.
_ASKED_AS_HANDED_IN = frozenset({CaseKind.RENEWAL, CaseKind.DEREGISTRATION})


@dataclass(frozen=True)
class Request:
    """One request to move a case: who, which, and the idempotency key with the digest of the content."""

    caller: Caller
    case_number: str
    request_id: str
    digest: bytes


@dataclass(frozen=True)
class Moved:
    """A case after it was moved, and the last thing that was done."""

    case: Case
    entry: HistoryEntry


Move = Callable[[Transaction, Case, datetime], Awaitable[Case]]


class CaseOperations:
    """Makes and moves cases. Each move raises CaseNotFoundError, CaseStateConflictError or RequestIdReusedError.

    A repeat of a request changes nothing and tells the case as it is now.
    """

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        numbers: NumberSeal,
        seal: CaseSeal,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._numbers = numbers
        self._seal = seal
        self._ward_code = ward_code
        self._new_id = new_id
        self._changes = CaseChanges(numbers, ParticularsSeal(seal.seal), new_id)

    async def create(
        self, caller: Caller, declaration: ResidenceDeclaration, request_id: str, digest: bytes
    ) -> Case:
        """Make a draft with its number.

        Raises FieldInvalidError, DwellingNotFoundError, StayOverlapsError, or LodgingTooLongError for what could not be
        entered.
        """
        now, case_id = self._clock(), self._new_id()
        async with accounted(self._database, now) as tx:
            if first := await claim(tx, self._numbers, request_id, digest, case_id, now):
                case = await cases.load(tx, first)
                self._account_for(case, declaration)
                return case
            await self._changes.check(tx, declaration, ward_day(now))
            channel = CaseChannel.COUNTER if caller.is_officer else CaseChannel.ELECTRONIC
            case = await draft(
                tx,
                case_id,
                declaration,
                caller.account,
                channel,
                self._seal,
                self._ward_code,
                now,
            )
            self._account_for(case, declaration)
        return case

    async def submit(self, request: Request) -> Moved:
        """Hand a draft in; raises what `create` raises, and for what could not be renewed or ended now."""

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            case, today = case.submit(now), ward_day(now)
            declaration = await cases.load_declaration(tx, case, self._seal, today)
            if declaration.kind in _ASKED_AS_HANDED_IN:
                self._account_for(case, declaration)
            await self._changes.check_handed_in(tx, declaration, today, today)
            return replace(case, renews=declaration.renews)

        return await self._move(request, CaseAct.SUBMIT, move)

    async def request_supplement(self, request: Request, missing: str) -> Moved:
        """Ask the citizen for what is missing; nobody is asked about the case meanwhile."""

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            await population.drop(tx, case)
            calendar = await cases.working_calendar(tx)
            days = await cases.supplement_days(tx, ward_day(now))
            return case.request_supplement(calendar, days, now)

        return await self._move(request, CaseAct.REQUEST_SUPPLEMENT, move, missing)

    async def supplement(self, request: Request, declaration: ResidenceDeclaration) -> Moved:
        """Take the supplemented declaration in place of the one before; raises what `create` raises."""

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            calendar = await cases.working_calendar(tx)
            case = case.supplemented(request.caller, declaration.kind, calendar, now)
            today = ward_day(now)
            handed_in_on = ward_day(case.submitted_at or now)
            # First, as in `submit`: a refusal says whom the register was asked about too.
            self._account_for(case, declaration)
            await self._changes.check_handed_in(tx, declaration, handed_in_on, today)
            await cases.save_declaration(tx, case, declaration, self._seal)
            return replace(case, renews=declaration.renews)

        return await self._move(request, CaseAct.SUPPLEMENT, move)

    async def accept(self, request: Request) -> Moved:
        """Find the file valid and start the clock."""

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            term_days = await cases.term_days(tx, case.kind, ward_day(now))
            calendar = await cases.working_calendar(tx)
            return case.accept(request.caller, calendar, term_days, now)

        return await self._move(request, CaseAct.ACCEPT, move)

    async def verify(self, request: Request) -> Moved:
        """Have the population database asked about each person, as soon as it answers."""

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            case = case.verify(request.caller)
            declaration = await cases.load_declaration(tx, case, self._seal, ward_day(now))
            self._account_for(case, declaration)
            await population.plan(tx, case, len(declaration.persons), self._new_id(), now)
            return case

        return await self._move(request, CaseAct.VERIFY, move)

    async def see_original(self, request: Request) -> Moved:
        """Note that the citizen showed the originals; the population database is asked no more."""

        async def move(tx: Transaction, case: Case, _now: datetime) -> Case:
            await population.drop(tx, case)
            return case.see_original(request.caller)

        return await self._move(request, CaseAct.SEE_ORIGINAL, move)

    async def approve(self, request: Request, finding: str) -> Moved:
        """Approve a case and enter its change into the register, both or neither.

        Raises SecondPersonRequiredError, IdentityCheckPendingError, FieldInvalidError, and what the register refuses.
        """

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            case = case.approve(request.caller, finding, now)
            note = self._seal.note(case.case_id, finding)
            await cases.save(tx, case, CaseAct.APPROVE, request.caller.account, now, note)
            declaration = await cases.load_declaration(tx, case, self._seal, ward_day(now))
            self._account_for(case, declaration)
            await self._changes.enter(tx, case, declaration, now)
            return case.record()

        return await self._move(request, CaseAct.RECORD, move)

    async def refuse(self, request: Request, ground: RefusalGround, reason: str) -> Moved:
        """Refuse a case; raises IdentityCheckPendingError where nobody answered for the identity."""

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            await population.drop(tx, case)
            return case.refuse(request.caller, ground, now)

        return await self._move(request, CaseAct.REFUSE, move, reason)

    async def withdraw(self, request: Request, reason: str) -> Moved:
        """Take a case back before it is decided; raises FieldInvalidError where an officer gives no reason."""

        async def move(tx: Transaction, case: Case, _now: datetime) -> Case:
            await population.drop(tx, case)
            return case.withdraw(request.caller, reason)

        return await self._move(request, CaseAct.WITHDRAW, move, reason)

    async def cancel(self, request: Request, reason: str) -> Moved:
        """Annul what a case entered; raises SecondPersonRequiredError."""

        async def move(tx: Transaction, case: Case, now: datetime) -> Case:
            case = case.cancel(request.caller)
            declaration = await cases.load_declaration(tx, case, self._seal, ward_day(now))
            self._account_for(case, declaration)
            await self._changes.annul(tx, case, declaration, now)
            return case

        return await self._move(request, CaseAct.CANCEL, move, reason)

    def _account_for(self, case: Case, declaration: ResidenceDeclaration) -> None:
        """Have the access records name the case, and each whom its declaration names."""
        if access := context.access.get():
            access.subject = f"case:{case.case_number}"
        concerns(*map(self._numbers.document_index, declaration.documents))

    async def _move(self, request: Request, act: CaseAct, move: Move, note: str = "") -> Moved:
        now, account = self._clock(), request.caller.account
        async with accounted(self._database, now) as tx:
            case = await cases.lock(tx, request.case_number)
            case.check_visible(request.caller)
            repeated = await claim(
                tx, self._numbers, request.request_id, request.digest, case.case_id, now
            )
            if not repeated:
                case = await move(tx, case, now)
                sealed = self._seal.note(case.case_id, note)
                await cases.save(tx, case, act, account, now, sealed)
            entry = await cases.last_entry(tx, case, act, self._seal)
        if not repeated:
            self._relay.wake()
        return Moved(case, entry)
