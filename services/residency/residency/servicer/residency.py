"""Identity verification, occupancy and registrations."""

from itertools import repeat
from uuid import UUID

from grpc import aio

from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import OK, record_of
from chassis.account.record_ids import record_ids
from chassis.clock import Clock, ward_day
from chassis.context import current_access
from chassis.errors import FieldInvalidError
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import digest_of
from residency.domain.lookups.disclosure import Asker
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.persons.verification import Declaration, FieldMatch, Verification
from residency.domain.places.address import Gazetteer
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import AskedNumber, LookupLimits
from residency.operations.residence import ResidenceOperations
from residency.queries.identity import IdentityQueries, Look
from residency.queries.occupancy import OccupancyQueries
from residency.queries.places import PlaceQueries
from residency.servicer.asking import asker_of
from residency.servicer.finding import Finding
from residency.wire import answers, fields, requests
from residency.wire.fields import DWELLING_OR_BUILDING
from ward.residency.v1 import residency_pb2 as pb
from ward.residency.v1 import residency_pb2_grpc


class ResidencyServicer(residency_pb2_grpc.ResidencyServiceServicer):
    """The methods of `ResidencyService`; each names whom or what it looks at for the access record."""

    service: str = pb.DESCRIPTOR.services_by_name["ResidencyService"].full_name

    def __init__(
        self,
        operations: ResidenceOperations,
        identities: IdentityQueries,
        occupancy: OccupancyQueries,
        places: PlaceQueries,
        limits: LookupLimits,
        decoys: DecoyOperations,
        seal: NumberSeal,
        codes: RegistrationCodes,
        nationalities: Nationalities,
        gazetteer: Gazetteer,
        clock: Clock,
    ) -> None:
        self._operations = operations
        self._identities = identities
        self._occupancy = occupancy
        self._places = places
        self._limits = limits
        self._decoys = decoys
        self._finding = Finding(limits, decoys, seal)
        self._seal = seal
        self._codes = codes
        self._nationalities = nationalities
        self._gazetteer = gazetteer
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        residency_pb2_grpc.add_ResidencyServiceServicer_to_server(self, server)

    async def VerifyIdentity(
        self, request: pb.VerifyIdentityRequest, context: Context
    ) -> pb.VerifyIdentityResponse:
        """Answer yes or no per field."""
        access, asker = current_access(), asker_of(request)
        access.subject = "unknown"
        declared = requests.declaration(request, self._codes, ward_day(self._clock()))
        record = record_of(access, access.record_id, OK, self._clock())
        look = self._look(declared, record, access.record_id)
        access.subject, access.fields = look.record.subject, look.record.fields
        self._limits.admit(asker)
        [verification] = await self._verify([look], asker)
        return answers.verification(pb.VerifyIdentityResponse, verification, access.record_id)

    async def VerifyIdentities(
        self, request: pb.VerifyIdentitiesRequest, context: Context
    ) -> pb.VerifyIdentitiesResponse:
        """Answer yes or no per field of each declaration."""
        access, asker = current_access(), asker_of(request)
        access.subject = "identities"
        declared = requests.declarations(request, self._codes, ward_day(self._clock()))
        # What the records of a call share is written down once.
        shared = record_of(access, access.record_id, OK, self._clock())
        ids = record_ids(shared.recorded_at, len(declared))
        looks = [*map(self._look, declared, repeat(shared), ids)]
        self._limits.admit(asker, len(looks))
        verified = zip(await self._verify(looks, asker), looks, strict=True)
        response = pb.VerifyIdentitiesResponse()
        for answer, look in verified:
            answers.verification(response.identities.add, answer, look.record.record_id)
        return response

    def _look(self, declared: Declaration, record: AccessRecord, record_id: UUID) -> Look:
        """Name whom a look is at, and what is compared, in a record of its own that is like that of the call."""
        number_index = self._seal.blind_index(declared.number)
        own = record._replace(
            record_id=record_id, subject=subject_of(number_index), fields=declared.fields
        )
        return Look(declared, number_index, own)

    async def _verify(self, looks: list[Look], asker: Asker) -> list[Verification]:
        """Compare and record; then note what the looks say of the caller."""
        found = await self._identities.verify(looks)
        # Each look has its record now: the call needs none of its own.
        current_access().accounted = True
        asked = [
            AskedNumber(look.declared.number, look.record.subject, one.number is FieldMatch.YES)
            for look, one in zip(looks, found, strict=True)
        ]
        self._limits.note_numbers(asker, asked)
        for look in looks:
            record = look.record
            if record.subject in self._decoys:
                await self._decoys.watch(asker.account, [record.subject], record.record_id)
        return found

    async def GetOccupancy(
        self, request: pb.GetOccupancyRequest, context: Context
    ) -> pb.GetOccupancyResponse:
        """Answer counts of one dwelling or of a building's dwellings."""
        access, asker, now = current_access(), asker_of(request), self._clock()
        at = fields.optional_moment(request, "as_of")
        known_at = fields.past_moment(request, "as_known_at", now)
        match request.WhichOneof("place"):
            case "dwelling_id":
                dwelling = fields.dwelling_id(request.dwelling_id)
                access.subject = f"dwelling:{dwelling}"
                self._limits.admit(asker)
                found = await self._occupancy.of_dwelling(dwelling, at or now, known_at)
            case "building_id":
                building = fields.building_id(request.building_id)
                access.subject = f"building:{building}"
                self._limits.admit(asker)
                found = await self._occupancy.of_building(building, at or now, known_at)
            case _:
                raise FieldInvalidError("place", DWELLING_OR_BUILDING)
        return answers.occupancies(found, access.record_id, of_now=not (at or known_at))

    async def ListBuildings(
        self, request: pb.ListBuildingsRequest, context: Context
    ) -> pb.ListBuildingsResponse:
        """Answer a page of buildings."""
        group, size = requests.residential_group(request), page_size(request.page_size)
        terms = fields.address_terms("query", request.query, self._gazetteer)
        after = fields.page_after(request.page_token, f"group {group}")
        found = await self._places.list_buildings(group, terms, after, size + 1)
        return answers.buildings_page(found, size, f"group {group}")

    async def ListDwellings(
        self, request: pb.ListDwellingsRequest, context: Context
    ) -> pb.ListDwellingsResponse:
        """Answer a page of a building's dwellings."""
        building, size = fields.building_id(request.building_id), page_size(request.page_size)
        after = fields.page_after(request.page_token, f"building {building}")
        found = await self._places.list_dwellings(building, after, size + 1)
        return answers.dwellings_page(found, size, f"building {building}")

    async def RegisterResidence(
        self, request: pb.RegisterResidenceRequest, context: Context
    ) -> pb.RegisterResidenceResponse:
        """Enter a registration."""
        today = ward_day(self._clock())
        application = requests.residence_application(
            request, self._codes, self._nationalities, today
        )
        current_access().subject = self._seal.pseudonym(application.number)
        async with self._finding.by(request, application.number):
            registration_id = await self._operations.register(
                application, request.request_id, digest_of(request), request.purpose.reference
            )
        return pb.RegisterResidenceResponse(registration_id=str(registration_id))

    async def EndResidence(
        self, request: pb.EndResidenceRequest, context: Context
    ) -> pb.EndResidenceResponse:
        """End a registration."""
        registration_id, ended_on = requests.end_of_residence(request)
        current_access().subject = f"registration:{registration_id}"
        await self._operations.end(
            registration_id, ended_on, request.request_id, digest_of(request)
        )
        return pb.EndResidenceResponse()
