"""Requests of data subjects."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access, current_account
from chassis.rpc.access import stated_purpose
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.rules import Rule
from chassis.storage.idempotency import check_request_id, digest_of
from residency.domain.lookups.disclosure import Asker, PersonField
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import RegistrationCodes
from residency.domain.persons.sealing import NumberSeal
from residency.domain.protection.account import Named, Names
from residency.domain.protection.data_subject_requests import DataSubjectRequest
from residency.domain.protection.personal_data_export import PersonalDataExport
from residency.operations.data_subject_requests import (
    DataSubjectRequestOperations,
    Receiving,
)
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.operations.requests import Moving
from residency.queries.account import AccountQueries
from residency.queries.data_subject_requests import DataSubjectRequestQueries
from residency.queries.held_data import HeldDataQueries
from residency.queries.lookups import LookupQueries
from residency.queries.residence import ResidenceQueries
from residency.servicer.asking import asker_of
from residency.wire import data_subject_requests as wire
from residency.wire import fields
from ward.residency.v1 import data_subject_requests_pb2 as pb
from ward.residency.v1 import data_subject_requests_pb2_grpc

_OF_THE_REQUEST = Rule("số của yêu cầu", "the number of the request")

MovingRequest = (
    pb.AcknowledgeRequestRequest
    | pb.VerifyRequesterRequest
    | pb.ExtendRequestRequest
    | pb.AnswerRequestRequest
    | pb.RefuseRequestRequest
    | pb.WithdrawRequestRequest
    | pb.LiftRestrictionRequest
)


@dataclass(frozen=True)
class Sources:
    """Where what is held of a person is read: person, registrations, all else, who looked; and the numbers' seal."""

    persons: LookupQueries
    residences: ResidenceQueries
    held: HeldDataQueries
    account: AccountQueries
    numbers: NumberSeal


class DataSubjectRequestServicer(data_subject_requests_pb2_grpc.DataSubjectRequestServiceServicer):
    """The methods of `DataSubjectRequestService`; each access record names the person."""

    service: str = pb.DESCRIPTOR.services_by_name["DataSubjectRequestService"].full_name

    def __init__(
        self,
        operations: DataSubjectRequestOperations,
        queries: DataSubjectRequestQueries,
        sources: Sources,
        limits: LookupLimits,
        decoys: DecoyOperations,
        codes: RegistrationCodes,
        nationalities: Nationalities,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._sources = sources
        self._limits = limits
        self._decoys = decoys
        self._codes = codes
        self._nationalities = nationalities
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        data_subject_requests_pb2_grpc.add_DataSubjectRequestServiceServicer_to_server(
            self, server
        )

    async def ReceiveRequest(
        self, request: pb.ReceiveRequestRequest, context: Context
    ) -> pb.ReceiveRequestResponse:
        """Take a request in."""
        current_access().subject = "unknown"
        check_request_id(request.request_id)
        today = ward_day(self._clock())
        asked = Receiving(
            account=current_account(),
            kind=wire.kind(request),
            document=wire.document(request, self._codes, self._nationalities, today),
            content=fields.written("content", request.content),
            through_processor=request.through_processor,
            request_id=request.request_id,
            digest=digest_of(request),
        )
        received = await self._operations.receive(asked)
        return pb.ReceiveRequestResponse(request=await self._told(received))

    async def AcknowledgeRequest(
        self, request: pb.AcknowledgeRequestRequest, context: Context
    ) -> pb.AcknowledgeRequestResponse:
        """Note that the person was told that it has come."""
        moved = await self._operations.acknowledge(_moving(request))
        return pb.AcknowledgeRequestResponse(request=await self._told(moved))

    async def VerifyRequester(
        self, request: pb.VerifyRequesterRequest, context: Context
    ) -> pb.VerifyRequesterResponse:
        """Note how the person was verified."""
        means = fields.written("means", request.means)
        moved = await self._operations.verify(_moving(request), means)
        return pb.VerifyRequesterResponse(request=await self._told(moved))

    async def ExtendRequest(
        self, request: pb.ExtendRequestRequest, context: Context
    ) -> pb.ExtendRequestResponse:
        """Extend the term."""
        reason = fields.written("reason", request.reason)
        moved = await self._operations.extend(_moving(request), reason)
        return pb.ExtendRequestResponse(request=await self._told(moved))

    async def AnswerRequest(
        self, request: pb.AnswerRequestRequest, context: Context
    ) -> pb.AnswerRequestResponse:
        """Grant it, and do what it asks for."""
        answer = fields.written("answer", request.answer)
        moving, today = _moving(request), ward_day(self._clock())
        correction = wire.correction(request, self._codes, today)
        moved = await self._operations.answer(moving, answer, correction)
        return pb.AnswerRequestResponse(request=await self._told(moved))

    async def RefuseRequest(
        self, request: pb.RefuseRequestRequest, context: Context
    ) -> pb.RefuseRequestResponse:
        """Refuse it."""
        ground, reason = wire.ground(request), fields.written("reason", request.reason)
        moved = await self._operations.refuse(_moving(request), ground, reason)
        return pb.RefuseRequestResponse(request=await self._told(moved))

    async def WithdrawRequest(
        self, request: pb.WithdrawRequestRequest, context: Context
    ) -> pb.WithdrawRequestResponse:
        """Note that it was taken back."""
        moved = await self._operations.withdraw(_moving(request))
        return pb.WithdrawRequestResponse(request=await self._told(moved))

    async def LiftRestriction(
        self, request: pb.LiftRestrictionRequest, context: Context
    ) -> pb.LiftRestrictionResponse:
        """End the restriction that it brought about."""
        reason = fields.written("reason", request.reason)
        moved = await self._operations.lift(_moving(request), reason)
        return pb.LiftRestrictionResponse(request=await self._told(moved))

    async def ExportPersonalData(
        self, request: pb.ExportPersonalDataRequest, context: Context
    ) -> pb.ExportPersonalDataResponse:
        """Give what is held of the person, or of a guest who is not on the register."""
        access, asker, now = current_access(), asker_of(request), self._clock()
        asked = (await self._queries.get(_asked_number(request))).request
        access.subject = asked.subject
        asked.check_exportable(asker.account, ward_day(now))
        self._limits.admit(asker)
        export = await (
            self._export_of_guest(asked, asker, now)
            if asked.person_id is None
            else self._export_of_person(asked, asked.person_id, asker, now)
        )
        self._limits.note_persons(asker, [access.subject])
        await self._decoys.watch(asker.account, [access.subject], access.record_id)
        access.fields = sorted(export.disclosure.fields)
        return wire.exported(export, access.record_id)

    async def GetDataSubjectRequest(
        self, request: pb.GetDataSubjectRequestRequest, context: Context
    ) -> pb.GetDataSubjectRequestResponse:
        """Answer one request with what was written and done."""
        access, now = current_access(), self._clock()
        found = await self._queries.get(_asked_number(request))
        access.subject = found.request.subject
        soon_days = await self._queries.due_soon_days(now)
        return wire.whole_request(found, ward_day(now), soon_days, access.record_id)

    async def ListDataSubjectRequests(
        self, request: pb.ListDataSubjectRequestsRequest, context: Context
    ) -> pb.ListDataSubjectRequestsResponse:
        """Answer a page of requests."""
        chosen, size, now = (
            wire.request_filter(request),
            page_size(request.page_size),
            self._clock(),
        )
        after, today = wire.requests_after(request.page_token), ward_day(now)
        found = await self._queries.list_requests(chosen, after, size + 1, today)
        return wire.requests_page(
            pb.ListDataSubjectRequestsResponse,
            found,
            size,
            today,
            await self._queries.due_soon_days(now),
        )

    async def _export_of_person(
        self, asked: DataSubjectRequest, person_id: UUID, asker: Asker, now: datetime
    ) -> PersonalDataExport:
        today, numbers, masked, phone = ward_day(now), self._sources.numbers, "", ""
        disclosure, person = await self._sources.persons.by_id(person_id, asker, today)
        registrations = await self._sources.residences.all_of(person_id)
        if PersonField.MASKED_NUMBER in disclosure.fields:
            masked = numbers.open(person.number_sealed, person.person_id).masked
        if PersonField.PHONE in disclosure.fields and person.phone_sealed:
            phone = numbers.open_phone(person.phone_sealed, person.person_id).text
        names = await self._sources.account.names_of(person.number_index)
        return PersonalDataExport(
            request_number=asked.request_number,
            made_at=now,
            disclosure=disclosure,
            person=person,
            masked_number=masked,
            phone=phone,
            registrations=registrations,
            held=await self._sources.held.of_person(person_id, today),
            looks=await self._queries.looks(names),
        )

    async def _export_of_guest(
        self, asked: DataSubjectRequest, asker: Asker, now: datetime
    ) -> PersonalDataExport:
        today = ward_day(now)
        return PersonalDataExport(
            request_number=asked.request_number,
            made_at=now,
            disclosure=await self._sources.held.disclosure(asker, today),
            person=None,
            masked_number="",
            phone="",
            registrations=[],
            held=await self._sources.held.of_guest(asked.subject, today),
            looks=await self._queries.looks(Names(theirs=[Named(asked.subject)])),
        )

    async def _told(self, found: DataSubjectRequest) -> pb.DataSubjectRequest:
        now = self._clock()
        soon_days = await self._queries.due_soon_days(now)
        return wire.request_message(found, ward_day(now), soon_days)


def _moving(request: MovingRequest) -> Moving:
    """Read which request is moved, by whom and under which key."""
    current_access().subject = "unknown"
    check_request_id(request.request_id)
    return Moving(
        account=current_account(),
        number=wire.request_number(request.request_number),
        request_id=request.request_id,
        digest=digest_of(request),
    )


def _asked_number(
    request: pb.ExportPersonalDataRequest | pb.GetDataSubjectRequestRequest,
) -> str:
    """Read which request is asked for; it is the reference of the purpose too."""
    current_access().subject = "unknown"
    number = wire.request_number(request.request_number)
    fields.check_reference(number, stated_purpose(request).reference, _OF_THE_REQUEST)
    return number
