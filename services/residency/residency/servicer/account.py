"""The account of accesses, for the data protection officer."""

from collections.abc import Awaitable, Callable

from grpc import aio

from chassis.account.witness import Told
from chassis.clock import Clock, ward_day
from chassis.context import current_access
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.protection.account import AccessFilter, Mark
from residency.queries.account import AccountQueries
from residency.wire import account as wire
from ward.residency.v1 import account_pb2 as pb
from ward.residency.v1 import account_pb2_grpc


class AccountServicer(account_pb2_grpc.AccountServiceServicer):
    """The methods of `AccountService`; looking at the account is accounted for too."""

    service: str = pb.DESCRIPTOR.services_by_name["AccountService"].full_name

    def __init__(
        self,
        queries: AccountQueries,
        seal: NumberSeal,
        codes: RegistrationCodes,
        nationalities: Nationalities,
        clock: Clock,
        witnessed: Callable[[], Awaitable[Told | None]],
    ) -> None:
        self._queries = queries
        self._seal = seal
        self._codes = codes
        self._nationalities = nationalities
        self._clock = clock
        self._witnessed = witnessed

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        account_pb2_grpc.add_AccountServiceServicer_to_server(self, server)

    async def ListAccesses(
        self, request: pb.ListAccessesRequest, context: Context
    ) -> pb.ListAccessesResponse:
        """Answer a page of accesses."""
        access, size = current_access(), page_size(request.page_size)
        access.subject = "accesses"
        which, list_of = wire.access_filter(request), "accesses"
        before = wire.page_before(request.page_token, list_of)
        found = await self._queries.list_accesses(which, before, size + 1)
        return wire.accesses_page(pb.ListAccessesResponse, found, size, list_of, access.record_id)

    async def ListAccessesToPerson(
        self, request: pb.ListAccessesToPersonRequest, context: Context
    ) -> pb.ListAccessesToPersonResponse:
        """Answer a page of who looked a person up."""
        access, size = current_access(), page_size(request.page_size)
        access.subject = "unknown"
        wire.require_own_request(request)
        index = self._seal.document_index(self._document(request))
        access.subject = subject = subject_of(index)
        before = wire.page_before(request.page_token, subject)
        person = await self._queries.names_of(index)
        found = await self._queries.list_accesses(AccessFilter(person=person), before, size + 1)
        return wire.accesses_page(
            pb.ListAccessesToPersonResponse, found, size, subject, access.record_id
        )

    async def GetAccountStatus(
        self, request: pb.GetAccountStatusRequest, context: Context
    ) -> pb.GetAccountStatusResponse:
        """Answer how far the chain goes and what is known of it.

        Up to where it is witnessed only the witness says: in the database whoever has the service's role could.
        """
        told = await self._witnessed()
        witnessed = Mark(told.position, told.at) if told else None
        return wire.status(await self._queries.status(), witnessed)

    def _document(
        self, request: pb.ListAccessesToPersonRequest
    ) -> PersonalIdNumber | PassportNumber:
        """Tell by what the person is known; raises FieldInvalidError, or PersonalIdInvalidError."""
        if request.HasField("passport"):
            return wire.passport(request, self._nationalities)
        today = ward_day(self._clock())
        return PersonalIdNumber.parse(request.personal_id_number, self._codes, today)
