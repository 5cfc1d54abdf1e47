"""Residence cases."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access, current_identity
from chassis.rpc.access import stated_purpose
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.rules import Rule
from chassis.storage.idempotency import check_request_id, digest_of
from residency.domain.cases.declarations import ResidenceDeclaration
from residency.domain.cases.machine import Caller
from residency.domain.cases.notices import notice_of
from residency.domain.lookups.disclosure import Way
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.operations.cases import CaseOperations, Moved, Request
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.queries.cases import CaseQueries
from residency.servicer.asking import asker_of
from residency.wire.cases import answers, declarations, requests
from residency.wire.fields import check_reference
from ward.residency.v1 import cases_pb2 as pb
from ward.residency.v1 import cases_pb2_grpc

_OF_THE_CASE = Rule("số của hồ sơ", "the number of the case")

_OFFICER = "residence_officer"


class CaseServicer(cases_pb2_grpc.CaseServiceServicer):
    """The methods of `CaseService`; where personal data is touched, the access record names the case."""

    service: str = pb.DESCRIPTOR.services_by_name["CaseService"].full_name

    def __init__(
        self,
        operations: CaseOperations,
        queries: CaseQueries,
        limits: LookupLimits,
        decoys: DecoyOperations,
        numbers: NumberSeal,
        codes: RegistrationCodes,
        nationalities: Nationalities,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._limits = limits
        self._decoys = decoys
        self._numbers = numbers
        self._codes = codes
        self._nationalities = nationalities
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        cases_pb2_grpc.add_CaseServiceServicer_to_server(self, server)

    async def CreateCase(
        self, request: pb.CreateCaseRequest, context: Context
    ) -> pb.CreateCaseResponse:
        """Make a draft."""
        check_request_id(request.request_id)
        declaration = self._declaration(request.declaration)
        case = await self._operations.create(
            _caller(), declaration, request.request_id, digest_of(request)
        )
        return pb.CreateCaseResponse(case=answers.case(case))

    async def SubmitCase(
        self, request: pb.SubmitCaseRequest, context: Context
    ) -> pb.SubmitCaseResponse:
        """Hand a draft in."""
        moved = await self._operations.submit(_request(request))
        return pb.SubmitCaseResponse(case=answers.case(moved.case))

    async def RequestSupplement(
        self, request: pb.RequestSupplementRequest, context: Context
    ) -> pb.RequestSupplementResponse:
        """Ask the citizen for what is missing."""
        missing = requests.written("missing", request.missing)
        moved = await self._operations.request_supplement(_request(request), missing)
        return pb.RequestSupplementResponse(case=answers.case(moved.case), notice=_notice(moved))

    async def SupplementCase(
        self, request: pb.SupplementCaseRequest, context: Context
    ) -> pb.SupplementCaseResponse:
        """Take the supplemented declaration."""
        asked = _request(request)
        declaration = self._declaration(request.declaration)
        moved = await self._operations.supplement(asked, declaration)
        return pb.SupplementCaseResponse(case=answers.case(moved.case), notice=_notice(moved))

    async def AcceptCase(
        self, request: pb.AcceptCaseRequest, context: Context
    ) -> pb.AcceptCaseResponse:
        """Find the file valid and start the clock."""
        moved = await self._operations.accept(_request(request))
        return pb.AcceptCaseResponse(case=answers.case(moved.case), notice=_notice(moved))

    async def VerifyCase(
        self, request: pb.VerifyCaseRequest, context: Context
    ) -> pb.VerifyCaseResponse:
        """Have the identities verified, or note that the originals were seen."""
        verify = (
            self._operations.see_original if request.original_seen else self._operations.verify
        )
        asked = _request(request)
        async with self._counted(request):
            moved = await verify(asked)
        return pb.VerifyCaseResponse(case=answers.case(moved.case))

    async def ApproveCase(
        self, request: pb.ApproveCaseRequest, context: Context
    ) -> pb.ApproveCaseResponse:
        """Approve a case and enter its change."""
        asked, finding = _request(request), requests.finding(request)
        async with self._counted(request):
            moved = await self._operations.approve(asked, finding)
        return pb.ApproveCaseResponse(case=answers.case(moved.case), notice=_notice(moved))

    async def RefuseCase(
        self, request: pb.RefuseCaseRequest, context: Context
    ) -> pb.RefuseCaseResponse:
        """Refuse a case."""
        ground, reason = (
            requests.refusal_ground(request),
            requests.written("reason", request.reason),
        )
        moved = await self._operations.refuse(_request(request), ground, reason)
        return pb.RefuseCaseResponse(case=answers.case(moved.case), notice=_notice(moved))

    async def WithdrawCase(
        self, request: pb.WithdrawCaseRequest, context: Context
    ) -> pb.WithdrawCaseResponse:
        """Take a case back."""
        reason = requests.withdrawal(request)
        moved = await self._operations.withdraw(_request(request), reason)
        return pb.WithdrawCaseResponse(case=answers.case(moved.case))

    async def CancelCase(
        self, request: pb.CancelCaseRequest, context: Context
    ) -> pb.CancelCaseResponse:
        """Annul what a case entered."""
        reason = requests.written("reason", request.reason)
        moved = await self._operations.cancel(_request(request), reason)
        return pb.CancelCaseResponse(case=answers.case(moved.case), notice=_notice(moved))

    async def GetCase(self, request: pb.GetCaseRequest, context: Context) -> pb.GetCaseResponse:
        """Answer a case as a whole."""
        access, asker, caller = current_access(), asker_of(request), _caller()
        number = _asked_number(request)
        today = ward_day(self._clock())
        async with self._limits.listing(asker):
            disclosure, found = await self._queries.get(number, caller, asker, today)
            indexes = map(self._numbers.document_index, found.declaration.documents)
            access.shown = [subject_of(index) for index in indexes]
            access.fields = sorted(disclosure.fields) if disclosure else ()
            self._limits.note_persons(asker, access.shown)
        await self._decoys.watch(asker.account, access.shown, access.record_id)
        return answers.whole_case(found, caller, disclosure, access.record_id)

    async def CompareDocument(
        self, request: pb.CompareDocumentRequest, context: Context
    ) -> pb.CompareDocumentResponse:
        """Answer whether a case names who has a document."""
        access, asker, today = current_access(), asker_of(request), ward_day(self._clock())
        number = _asked_number(request)
        document = requests.document(request, self._codes, self._nationalities, today)
        access.shown = [subject_of(self._numbers.document_index(document))]
        self._limits.admit(asker)
        disclosure, found = await self._queries.get(
            number, _caller(), asker, today, Way.COMPARISON
        )
        matches = document in found.declaration.documents
        self._limits.note_document(asker, document, found=matches)
        await self._decoys.watch(asker.account, access.shown, access.record_id)
        access.fields = sorted(disclosure.fields) if disclosure and matches else ()
        name = found.declaration.name_by(document)
        return answers.compared(name, disclosure, access.record_id, matches=matches)

    async def ListCases(
        self, request: pb.ListCasesRequest, context: Context
    ) -> pb.ListCasesResponse:
        """Answer a page of cases."""
        chosen, size = requests.case_filter(request, _caller()), page_size(request.page_size)
        after = requests.cases_after(request.page_token)
        today = ward_day(self._clock())
        found = await self._queries.list_cases(chosen, after, size + 1, today)
        return answers.cases_page(found, size)

    @asynccontextmanager
    async def _counted(
        self, request: pb.VerifyCaseRequest | pb.ApproveCaseRequest
    ) -> AsyncGenerator[None]:
        """Count what is done inside as a look at whom the case names: what comes of it tells of whose numbers they are.

        Alerts where one of them is a decoy; raises LimitReachedError before anything is done.
        """
        access, asker = current_access(), asker_of(request)
        async with self._limits.listing(asker):
            try:
                yield
            finally:
                self._limits.note_persons(asker, access.shown)
                await self._decoys.watch(asker.account, access.shown, access.record_id)

    def _declaration(self, message: pb.ResidenceDeclaration) -> ResidenceDeclaration:
        today = ward_day(self._clock())
        return declarations.declaration(message, self._codes, self._nationalities, today)


Moving = (
    pb.SubmitCaseRequest
    | pb.RequestSupplementRequest
    | pb.SupplementCaseRequest
    | pb.AcceptCaseRequest
    | pb.VerifyCaseRequest
    | pb.ApproveCaseRequest
    | pb.RefuseCaseRequest
    | pb.WithdrawCaseRequest
    | pb.CancelCaseRequest
)


def _caller() -> Caller:
    identity = current_identity()
    return Caller(identity.account, is_officer=_OFFICER in identity.roles)


def _request(request: Moving) -> Request:
    """Read which case is moved, by whom and under which key, and name it for the access record."""
    check_request_id(request.request_id)
    number = requests.case_number(request.case_number)
    current_access().subject = f"case:{number}"
    return Request(_caller(), number, request.request_id, digest_of(request))


def _asked_number(request: pb.GetCaseRequest | pb.CompareDocumentRequest) -> str:
    """Read which case is asked for, and name it for the access record; it is the reference of the purpose too."""
    number = requests.case_number(request.case_number)
    current_access().subject = f"case:{number}"
    check_reference(number, stated_purpose(request).reference, _OF_THE_CASE)
    return number


def _notice(moved: Moved) -> pb.CaseNotice | None:
    notice = notice_of(moved.case, moved.entry)
    return answers.notice(notice) if notice else None
