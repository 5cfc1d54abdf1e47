"""Requests of data subjects: received, moved, and done as far as this register can."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from chassis import context
from chassis.account.access_log import accounted
from chassis.clock import Clock, ward_day
from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from residency.domain.cases.declarations import CaseKind, DeclaredPerson, ResidenceDeclaration
from residency.domain.cases.machine import Case
from residency.domain.cases.states import CaseChannel
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.protection.data_subject_requests import (
    DataSubjectRequest,
    RequestAct,
    RequestEntry,
    RequestKind,
    RequestRefusalGround,
    RetentionRule,
    consent_told,
    correction_told,
    deletion_told,
)
from residency.operations.assistance import withdraw_consented
from residency.operations.case_opening import hand_in
from residency.operations.requests import Moving, claim
from residency.repository import assistance, cases, occupancy, persons, retention
from residency.repository import data_subject_requests as repository
from residency.repository.cases import CaseSeal
from residency.repository.data_subject_requests import NoteSeal

_PURPOSE = "DATA_SUBJECT_REQUEST"
_CORRECTING_CASE = Rule(
    "hồ sơ thay đổi thông tin của người đó, đã nộp, chưa bị từ chối và chưa rút",
    "a change of information of the person, handed in and neither refused nor taken back",
)


@dataclass(frozen=True)
class Receiving:
    """A request as it comes in: what is asked for, about whom, and the idempotency key with the digest."""

    account: str
    kind: RequestKind
    document: PersonalIdNumber | PassportNumber
    content: str
    through_processor: bool
    request_id: str
    digest: bytes


# The number of the case that corrects, or what the register should say.
Correction = str | DeclaredPerson
# What is done, and what is written of it.
Done = tuple[DataSubjectRequest, str]
Move = Callable[[Transaction, DataSubjectRequest, datetime], Awaitable[Done]]


class DataSubjectRequestOperations:
    """Receives and moves requests; each step is accounted for under the person, in its transaction.

    Who came onto the register after the request is found by the name in it.
    Each move raises DataSubjectRequestNotFoundError, DataSubjectRequestStateConflictError or RequestIdReusedError. A
    repeat changes nothing and tells the request as it is now.
    """

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        numbers: NumberSeal,
        seal: NoteSeal,
        case_seal: CaseSeal,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._numbers = numbers
        self._seal = seal
        self._cases = case_seal
        self._ward_code = ward_code
        self._new_id = new_id

    async def receive(self, asked: Receiving) -> DataSubjectRequest:
        """Take a request in, of who is on the register and who is not; raises RequestIdReusedError."""
        now, request_uuid = self._clock(), self._new_id()
        async with accounted(self._database, now) as tx:
            first = await claim(
                tx, self._numbers, asked.request_id, asked.digest, request_uuid, now
            )
            if first:
                request = await repository.load(tx, first)
                _account_for(request)
                return request
            terms = await repository.terms(
                tx, asked.kind, now, through_processor=asked.through_processor
            )
            index = self._numbers.document_index(asked.document)
            request = DataSubjectRequest(
                request_uuid=request_uuid,
                request_number=await repository.take_number(tx, self._ward_code, now),
                ward_code=self._ward_code,
                kind=asked.kind,
                through_processor=asked.through_processor,
                subject=subject_of(index),
                person_id=await repository.person_with(tx, index),
                received_at=now,
                received_by=asked.account,
                acknowledge_by=terms.acknowledge_by,
                due_on=terms.due_on,
                extension_days=terms.extension_days,
            )
            await repository.add(tx, request, asked.content, self._seal)
            _account_for(request)
        self._relay.wake()
        return request

    async def acknowledge(self, moving: Moving) -> DataSubjectRequest:
        """Note that the person was told that the request has come."""

        async def move(_tx: Transaction, request: DataSubjectRequest, now: datetime) -> Done:
            return request.acknowledge(now), ""

        return await self._move(moving, RequestAct.ACKNOWLEDGE, move)

    async def verify(self, moving: Moving, means: str) -> DataSubjectRequest:
        """Note how it was made sure that the request comes from the person it is about."""

        async def move(_tx: Transaction, request: DataSubjectRequest, now: datetime) -> Done:
            return request.verify(moving.account, now), means

        return await self._move(moving, RequestAct.VERIFY, move)

    async def extend(self, moving: Moving, reason: str) -> DataSubjectRequest:
        """Extend the term."""

        async def move(tx: Transaction, request: DataSubjectRequest, now: datetime) -> Done:
            return request.extend(await cases.working_calendar(tx), now), reason

        return await self._move(moving, RequestAct.EXTEND, move)

    async def answer(
        self, moving: Moving, answer: str, correction: Correction | None = None
    ) -> DataSubjectRequest:
        """Grant a request and do what it asks for.

        A correction is entered by a case: the named one, or one that is opened for what the register should say. Raises
        SecondPersonRequiredError, PersonNotRegisteredError, CaseNotFoundError or FieldInvalidError.
        """

        async def move(tx: Transaction, request: DataSubjectRequest, now: datetime) -> Done:
            answered = request.answer(moving.account, now)
            if (request.kind is RequestKind.CORRECT) != (correction is not None):
                raise FieldInvalidError(
                    "correction",
                    Rule(
                        "bắt buộc khi yêu cầu là chỉnh sửa, và chỉ khi đó",
                        "given if, and only if, it is to correct",
                    ),
                )
            match request.kind:
                case RequestKind.RESTRICT:
                    await repository.restrict(tx, request, now)
                case RequestKind.DELETE:
                    deleted, kept = await _delete_unkept(tx, request, now)
                    return answered, deletion_told(answer, deleted, kept)
                case RequestKind.WITHDRAW_CONSENT:
                    person_id = request.person_id
                    ended = await withdraw_consented(tx, person_id, now) if person_id else 0
                    return answered, consent_told(answer, ended)
                case RequestKind.CORRECT if correction is not None:
                    case = await self._corrected_by(tx, request, correction, moving.account, now)
                    corrected = replace(answered, case_number=case.case_number)
                    return corrected, correction_told(answer, case.case_number)
            return answered, answer

        return await self._move(moving, RequestAct.ANSWER, move)

    async def refuse(
        self, moving: Moving, ground: RequestRefusalGround, reason: str
    ) -> DataSubjectRequest:
        """Refuse a request."""

        async def move(_tx: Transaction, request: DataSubjectRequest, now: datetime) -> Done:
            return request.refuse(moving.account, ground, now), reason

        return await self._move(moving, RequestAct.REFUSE, move)

    async def withdraw(self, moving: Moving) -> DataSubjectRequest:
        """Note that the person has taken the request back."""

        async def move(_tx: Transaction, request: DataSubjectRequest, _now: datetime) -> Done:
            return request.withdraw(), ""

        return await self._move(moving, RequestAct.WITHDRAW, move)

    async def lift(self, moving: Moving, reason: str) -> DataSubjectRequest:
        """End the restriction that a request brought about; raises RestrictionNotFoundError."""

        async def move(tx: Transaction, request: DataSubjectRequest, now: datetime) -> Done:
            await repository.lift(tx, request, moving.account, now)
            return request, reason

        return await self._move(moving, RequestAct.LIFT, move)

    async def _corrected_by(
        self,
        tx: Transaction,
        request: DataSubjectRequest,
        correction: Correction,
        account: str,
        now: datetime,
    ) -> Case:
        """Load the case that corrects what is said of the person, or open one."""
        repository.person_of_request(request)
        if isinstance(correction, str):
            case = await cases.lock(tx, correction)
            declaration = await cases.load_declaration(tx, case, self._cases, ward_day(now))
            named = {self._numbers.pseudonym(one.number) for one in declaration.persons}
            changes = case.kind is CaseKind.CHANGE_OF_INFORMATION and case.stands
            if not changes or request.subject not in named:
                raise FieldInvalidError("case_number", _CORRECTING_CASE)
            return case
        if self._numbers.pseudonym(correction.number) != request.subject:
            raise FieldInvalidError(
                "corrected.personal_id_number", Rule("số của người yêu cầu", "that of the request")
            )
        declaration = ResidenceDeclaration.of_correction(correction, request.request_number)
        counter, case_id = CaseChannel.COUNTER, self._new_id()
        return await hand_in(
            tx, case_id, declaration, account, counter, self._cases, self._ward_code, now
        )

    async def _move(self, moving: Moving, act: RequestAct, move: Move) -> DataSubjectRequest:
        now = self._clock()
        async with accounted(self._database, now) as tx:
            request = await repository.lock(tx, moving.number)
            _account_for(request)
            if await claim(
                tx, self._numbers, moving.request_id, moving.digest, request.request_uuid, now
            ):
                return request
            if request.is_open:
                request = await repository.with_person(tx, request)
            request, note = await move(tx, request, now)
            entry = RequestEntry(now, act, moving.account, note)
            await repository.save(tx, request, entry, self._seal)
        self._relay.wake()
        return request


async def _delete_unkept(
    tx: Transaction, request: DataSubjectRequest, now: datetime
) -> tuple[list[str], list[RetentionRule]]:
    """Delete what no law has kept of the person, and publish the new counts of wherever the person is.

    Who is not on the register may be a guest of old.
    """
    homes: list[UUID] = []
    if request.person_id:
        index = await persons.index_of(tx, request.person_id)
        _, homes = await assistance.lock_person(tx, index)
    done = await retention.delete_unkept(tx, request, ward_day(now))
    await occupancy.announce(tx, homes, now)
    return done


def _account_for(request: DataSubjectRequest) -> None:
    """Have the access record name the person and the request."""
    if access := context.access.get():
        access.purpose, access.reference = _PURPOSE, request.request_number
        access.subject = request.subject
