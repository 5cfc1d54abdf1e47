"""Needs of assistance."""

from datetime import date

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access
from chassis.errors import FieldInvalidError
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.rules import Rule
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.operations.assistance import AssistanceOperations
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.queries.assistance import AssistanceQueries
from residency.servicer.asking import asker_of
from residency.servicer.finding import Finding
from residency.servicer.showing import Showing
from residency.wire import assistance as wire
from residency.wire import fields
from ward.residency.v1 import assistance_pb2 as pb
from ward.residency.v1 import assistance_pb2_grpc


class AssistanceServicer(assistance_pb2_grpc.AssistanceServiceServicer):
    """The methods of `AssistanceService`; each names whom or what it looks at for the access record."""

    service: str = pb.DESCRIPTOR.services_by_name["AssistanceService"].full_name

    def __init__(
        self,
        operations: AssistanceOperations,
        queries: AssistanceQueries,
        limits: LookupLimits,
        decoys: DecoyOperations,
        seal: NumberSeal,
        showing: Showing,
        codes: RegistrationCodes,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._limits = limits
        self._decoys = decoys
        self._finding = Finding(limits, decoys, seal)
        self._seal = seal
        self._showing = showing
        self._codes = codes
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        assistance_pb2_grpc.add_AssistanceServiceServicer_to_server(self, server)

    async def DeclareAssistanceNeed(
        self, request: pb.DeclareAssistanceNeedRequest, context: Context
    ) -> pb.DeclareAssistanceNeedResponse:
        """Enter a need."""
        number = self._subject(request.personal_id_number)
        kind = wire.need_type(request)
        said = wire.statement(request.statement, self._codes, self._today())
        async with self._finding.by(request, number):
            need_id = await self._operations.declare(number, kind, said, fields.request(request))
        return pb.DeclareAssistanceNeedResponse(need_id=str(need_id))

    async def RenewAssistanceNeed(
        self, request: pb.RenewAssistanceNeedRequest, context: Context
    ) -> pb.RenewAssistanceNeedResponse:
        """Enter a need in the place of one that is said again."""
        need_id = wire.need_id(request.need_id)
        current_access().subject = f"need:{need_id}"
        said = wire.statement(request.statement, self._codes, self._today())
        new_id = await self._operations.renew(need_id, said, fields.request(request))
        return pb.RenewAssistanceNeedResponse(need_id=str(new_id))

    async def WithdrawAssistanceNeed(
        self, request: pb.WithdrawAssistanceNeedRequest, context: Context
    ) -> pb.WithdrawAssistanceNeedResponse:
        """Withdraw a need."""
        need_id = wire.need_id(request.need_id)
        current_access().subject = f"need:{need_id}"
        await self._operations.withdraw(need_id, fields.request(request))
        return pb.WithdrawAssistanceNeedResponse()

    async def ListAssistanceNeeds(
        self, request: pb.ListAssistanceNeedsRequest, context: Context
    ) -> pb.ListAssistanceNeedsResponse:
        """Answer a page of the needs of a person, or of those due for review."""
        access, asker, today = current_access(), asker_of(request), self._today()
        size = page_size(request.page_size)
        match request.WhichOneof("which"):
            case "personal_id_number":
                number = self._subject(request.personal_id_number)
                after = fields.page_after(request.page_token, of_list := access.subject)
                self._limits.admit(asker)
                disclosure, known, found = await self._queries.of_number(
                    self._seal.blind_index(number), asker, today, after, size + 1
                )
                self._limits.note_number(asker, number, found=known)
                await self._decoys.watch(asker.account, [access.subject], access.record_id)
            case "due_by":
                due_by = fields.day("due_by", request.due_by)
                access.subject = of_list = f"needs due by {due_by}"
                after = fields.page_after(request.page_token, of_list)
                async with self._limits.listing(asker):
                    disclosure, found = await self._queries.due_by(
                        due_by, asker, today, after, size + 1
                    )
                    access.shown = [subject_of(one.person.number_index) for one in found[:size]]
                    self._limits.note_persons(asker, access.shown)
                await self._decoys.watch(asker.account, access.shown, access.record_id)
            case _:
                raise FieldInvalidError(
                    "which",
                    Rule("personal_id_number hoặc một ngày", "a personal_id_number or a day"),
                )
        access.fields = sorted(disclosure.fields) if found else ()
        told = [(one, self._showing.person(one.person, disclosure, asker)) for one in found]
        return wire.needs_page(told, size, of_list, today, disclosure, access.record_id)

    def _subject(self, text: str) -> PersonalIdNumber:
        """Read the number of whom a request is about, and name them for the access record."""
        access = current_access()
        access.subject = "unknown"
        number = PersonalIdNumber.parse(text, self._codes, self._today())
        access.subject = self._seal.pseudonym(number)
        return number

    def _today(self) -> date:
        return ward_day(self._clock())
