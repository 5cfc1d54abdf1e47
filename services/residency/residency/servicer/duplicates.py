"""Persons who may be on the register twice."""

from functools import partial

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from residency.domain.lookups.pseudonyms import Pseudonyms
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.residence.registrations import PersonNotRegisteredError
from residency.operations.decoys import DecoyOperations
from residency.operations.duplicates import DuplicateOperations
from residency.operations.lookup_limits import LookupLimits
from residency.queries.duplicates import DuplicateQueries
from residency.servicer.asking import asker_of
from residency.servicer.showing import Showing
from residency.wire import duplicates as wire
from residency.wire import fields
from ward.residency.v1 import duplicates_pb2 as pb
from ward.residency.v1 import duplicates_pb2_grpc


class DuplicatesServicer(duplicates_pb2_grpc.DuplicatesServiceServicer):
    """The methods of `DuplicatesService`; a look at two records is accounted for under both."""

    service: str = pb.DESCRIPTOR.services_by_name["DuplicatesService"].full_name

    def __init__(
        self,
        operations: DuplicateOperations,
        queries: DuplicateQueries,
        limits: LookupLimits,
        decoys: DecoyOperations,
        seal: NumberSeal,
        pseudonyms: Pseudonyms,
        showing: Showing,
        codes: RegistrationCodes,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._limits = limits
        self._decoys = decoys
        self._seal = seal
        self._pseudonyms = pseudonyms
        self._showing = showing
        self._codes = codes
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        duplicates_pb2_grpc.add_DuplicatesServiceServicer_to_server(self, server)

    async def ListDuplicateCandidates(
        self, request: pb.ListDuplicateCandidatesRequest, context: Context
    ) -> pb.ListDuplicateCandidatesResponse:
        """Answer a page of candidates."""
        chosen, size = wire.candidate_filter(request), page_size(request.page_size)
        after = wire.candidates_after(request.page_token)
        found = await self._queries.list_candidates(chosen, after, size + 1)
        return wire.candidates_page(found, size)

    async def GetDuplicateCandidate(
        self, request: pb.GetDuplicateCandidateRequest, context: Context
    ) -> pb.GetDuplicateCandidateResponse:
        """Answer one candidate with both records."""
        access, asker = current_access(), asker_of(request)
        access.subject = "unknown"
        candidate_id = wire.candidate_id(request.candidate_id)
        today = ward_day(self._clock())
        async with self._limits.listing(asker):
            disclosure, found = await self._queries.get(candidate_id, asker, today)
            both = (found.first, found.second)
            access.subject, *access.shown = (subject_of(one.number_index) for one in both)
            access.fields = sorted(disclosure.fields)
            self._limits.note_persons(asker, [access.subject, *access.shown])
        await self._decoys.watch(asker.account, [access.subject, *access.shown], access.record_id)
        first, second = (self._showing.person(one, disclosure, asker) for one in both)
        return wire.whole_candidate(found, disclosure, first, second, access.record_id)

    async def DecideDuplicate(
        self, request: pb.DecideDuplicateRequest, context: Context
    ) -> pb.DecideDuplicateResponse:
        """Decide a candidate."""
        current_access().subject = "unknown"
        decided = await self._operations.decide(
            wire.candidate_id(request.candidate_id),
            wire.verdict(request),
            fields.written("reason", request.reason),
            fields.request(request),
        )
        return pb.DecideDuplicateResponse(
            candidate=wire.candidate(decided.candidate), merge_id=str(decided.merge_id or "")
        )

    async def UndoMerge(
        self, request: pb.UndoMergeRequest, context: Context
    ) -> pb.UndoMergeResponse:
        """Undo a merge."""
        current_access().subject = "unknown"
        await self._operations.undo(
            wire.merge_id(request.merge_id),
            fields.written("reason", request.reason),
            fields.request(request),
        )
        return pb.UndoMergeResponse()

    async def ListPersonMerges(
        self, request: pb.ListPersonMergesRequest, context: Context
    ) -> pb.ListPersonMergesResponse:
        """Answer which records of a person were merged."""
        access, asker = current_access(), asker_of(request)
        access.subject = "unknown"
        today = ward_day(self._clock())
        number = PersonalIdNumber.parse(request.personal_id_number, self._codes, today)
        access.subject = self._seal.pseudonym(number)
        self._limits.admit(asker)
        found = await self._queries.merges_of(self._seal.blind_index(number), asker, today)
        self._limits.note_number(asker, number, found=found is not None)
        await self._decoys.watch(asker.account, [access.subject], access.record_id)
        if found is None:
            raise PersonNotRegisteredError
        name = partial(self._pseudonyms.of, account=asker.account)
        return wire.merges(found, name, access.record_id)
