"""Citizens in their own affairs."""

from dataclasses import replace
from datetime import date

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access, current_account, current_identity
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import check_request_id, digest_of
from residency.domain.persons.citizens import Citizen, OwnNumberUnknownError
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.protection.data_subject_requests import DataSubjectRequest, RequestFilter
from residency.operations.data_subject_requests import DataSubjectRequestOperations, Receiving
from residency.operations.lookup_limits import LookupLimits
from residency.operations.own_guests import OwnGuestOperations
from residency.queries.citizens import CitizenQueries
from residency.queries.data_subject_requests import DataSubjectRequestQueries
from residency.servicer.asking import asker_of
from residency.wire import answers, fields
from residency.wire import citizens as wire
from residency.wire import data_subject_requests as wire_requests
from ward.residency.v1 import citizens_pb2 as pb
from ward.residency.v1 import citizens_pb2_grpc
from ward.residency.v1 import data_subject_requests_pb2 as requests_pb

_LODGING_LAW = "Law 68/2020/QH14 Art. 30"


class CitizenServicer(citizens_pb2_grpc.CitizenServiceServicer):
    """The methods of `CitizenService`; each access record names the caller as the person it is about."""

    service: str = pb.DESCRIPTOR.services_by_name["CitizenService"].full_name

    def __init__(
        self,
        requests: DataSubjectRequestOperations,
        request_queries: DataSubjectRequestQueries,
        guests: OwnGuestOperations,
        queries: CitizenQueries,
        limits: LookupLimits,
        seal: NumberSeal,
        codes: RegistrationCodes,
        nationalities: Nationalities,
        clock: Clock,
    ) -> None:
        self._requests = requests
        self._request_queries = request_queries
        self._guests = guests
        self._queries = queries
        self._limits = limits
        self._seal = seal
        self._codes = codes
        self._nationalities = nationalities
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        citizens_pb2_grpc.add_CitizenServiceServicer_to_server(self, server)

    async def FileOwnRequest(
        self, request: pb.FileOwnRequestRequest, context: Context
    ) -> pb.FileOwnRequestResponse:
        """Take a request about the caller in."""
        number = self._own_number()
        check_request_id(request.request_id)
        asked = Receiving(
            account=current_account(),
            kind=wire_requests.kind(request),
            document=number,
            content=fields.written("content", request.content),
            through_processor=False,
            request_id=request.request_id,
            digest=digest_of(request),
        )
        received = await self._requests.receive(asked)
        return pb.FileOwnRequestResponse(request=await self._told(received))

    async def ListOwnRequests(
        self, request: pb.ListOwnRequestsRequest, context: Context
    ) -> pb.ListOwnRequestsResponse:
        """Answer a page of the requests about the caller."""
        citizen, size = self._citizen(), page_size(request.page_size)
        after, today = wire_requests.requests_after(request.page_token), self._today()
        found = await self._request_queries.list_requests(
            RequestFilter(citizen=citizen), after, size + 1, today
        )
        soon_days = await self._request_queries.due_soon_days(self._clock())
        return wire_requests.requests_page(
            pb.ListOwnRequestsResponse, found, size, today, soon_days
        )

    async def GetOwnRequest(
        self, request: pb.GetOwnRequestRequest, context: Context
    ) -> pb.GetOwnRequestResponse:
        """Answer one request about the caller."""
        citizen = self._citizen()
        number = wire_requests.request_number(request.request_number)
        current_access().reference = number
        found = await self._request_queries.get(number, citizen)
        return pb.GetOwnRequestResponse(
            request=await self._told(found.request),
            history=[wire_requests.entry(replace(one, account="")) for one in found.history],
            restriction_stands=found.restriction_stands,
        )

    async def ListOwnDwellings(
        self, request: pb.ListOwnDwellingsRequest, context: Context
    ) -> pb.ListOwnDwellingsResponse:
        """Answer where the caller is registered."""
        index = self._seal.blind_index(self._own_number())
        found = await self._queries.dwellings_of(index, self._today())
        return pb.ListOwnDwellingsResponse(dwellings=map(answers.dwelling, found))

    async def DeclareOwnGuest(
        self, request: pb.DeclareOwnGuestRequest, context: Context
    ) -> pb.DeclareOwnGuestResponse:
        """Enter a guest of the caller's dwelling."""
        host, asker = self._own_number(), asker_of(request)
        current_access().legal_basis = _LODGING_LAW
        declared = wire.guest(request, self._codes, self._nationalities, self._today())
        self._limits.admit(asker)
        guest = subject_of(self._seal.document_index(declared.guest.document))
        self._limits.note_persons(asker, [guest])
        await self._guests.declare(host, declared, fields.request(request))
        return pb.DeclareOwnGuestResponse()

    def _own_number(self) -> PersonalIdNumber:
        """Tell whose affairs they are, and name them for the access record; raises OwnNumberUnknownError."""
        access, text = current_access(), current_identity().own_number
        access.subject = "unknown"
        if not text:
            raise OwnNumberUnknownError
        number = PersonalIdNumber.parse(text, self._codes, self._today())
        access.subject = self._seal.pseudonym(number)
        return number

    def _citizen(self) -> Citizen:
        """Tell who calls; raises OwnNumberUnknownError."""
        return Citizen(self._seal.blind_index(self._own_number()), current_account())

    async def _told(self, found: DataSubjectRequest) -> requests_pb.DataSubjectRequest:
        soon_days = await self._request_queries.due_soon_days(self._clock())
        return wire_requests.request_message(found, self._today(), soon_days)

    def _today(self) -> date:
        return ward_day(self._clock())
