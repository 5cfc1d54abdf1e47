"""Work of the residence officer on the register."""

from datetime import date
from typing import Any

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access
from chassis.errors import FieldInvalidError
from chassis.rpc.servicer import Context
from chassis.rules import Rule
from residency.domain.lookups.disclosure import PersonField
from residency.domain.persons.contact import Contact
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.residence.registrations import PersonNotRegisteredError
from residency.operations.decoys import DecoyOperations
from residency.operations.households import HouseholdOperations
from residency.operations.lookup_limits import LookupLimits
from residency.operations.persons import PersonOperations
from residency.operations.places import PlaceOperations
from residency.operations.residence import ResidenceOperations
from residency.queries.households import HouseholdQueries
from residency.queries.persons import PersonQueries
from residency.queries.places import PlaceQueries
from residency.queries.residence import ResidenceQueries, ResidencesAsked
from residency.servicer.asking import asker_of
from residency.servicer.finding import Finding
from residency.servicer.naming import Naming
from residency.wire import fields
from residency.wire import register as wire
from residency.wire.fields import DWELLING_OR_BUILDING
from ward.residency.v1 import register_pb2 as pb
from ward.residency.v1 import register_pb2_grpc


class RegisterServicer(register_pb2_grpc.RegisterServiceServicer):
    """The methods of `RegisterService`; each names whom or what it looks at for the access record."""

    service: str = pb.DESCRIPTOR.services_by_name["RegisterService"].full_name

    def __init__(
        self,
        residences: ResidenceOperations,
        persons: PersonOperations,
        households: HouseholdOperations,
        places: PlaceOperations,
        residence_queries: ResidenceQueries,
        person_queries: PersonQueries,
        household_queries: HouseholdQueries,
        place_queries: PlaceQueries,
        limits: LookupLimits,
        decoys: DecoyOperations,
        seal: NumberSeal,
        naming: Naming,
        codes: RegistrationCodes,
        nationalities: Nationalities,
        clock: Clock,
    ) -> None:
        self._residences = residences
        self._persons = persons
        self._households = households
        self._places = places
        self._residence_queries = residence_queries
        self._person_queries = person_queries
        self._household_queries = household_queries
        self._place_queries = place_queries
        self._limits = limits
        self._decoys = decoys
        self._finding = Finding(limits, decoys, seal)
        self._seal = seal
        self._naming = naming
        self._codes = codes
        self._nationalities = nationalities
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        register_pb2_grpc.add_RegisterServiceServicer_to_server(self, server)

    async def GetResidence(
        self, request: pb.GetResidenceRequest, context: Context
    ) -> pb.GetResidenceResponse:
        """Answer the registrations of one person."""
        access, asker, queries = current_access(), asker_of(request), self._residence_queries
        asked = ResidencesAsked(
            asker,
            self._today(),
            at=fields.optional_moment(request, "as_of"),
            known_at=fields.past_moment(request, "as_known_at", self._clock()),
        )
        match request.WhichOneof("person"):
            case "registration_id":
                registration_id = wire.registration_id(request.registration_id)
                access.subject = f"registration:{registration_id}"
                self._limits.admit(asker)
                index, found = await queries.of_registration(registration_id, asked)
                access.shown = [subject_of(index)]
                self._limits.note_persons(asker, access.shown)
            case "personal_id_number":
                number = self._subject(request)
                self._limits.admit(asker)
                index = self._seal.blind_index(number)
                known, found = await queries.of_number(index, asked)
                self._limits.note_number(asker, number, found=known)
            case "pseudonym":
                person_id = await self._naming.person_of(request.pseudonym, asker.account)
                self._limits.admit(asker)
                index, found = await queries.of_person(person_id, asked)
                access.subject = subject_of(index)
                self._limits.note_persons(asker, [access.subject])
            case _:
                rule = Rule(
                    "registration_id, personal_id_number hoặc pseudonym",
                    "a registration_id, a personal_id_number or a pseudonym",
                )
                raise FieldInvalidError("person", rule)
        access.fields = [PersonField.RESIDENCES] if found else ()
        looked_at = [access.subject, *access.shown]
        await self._decoys.watch(asker.account, looked_at, access.record_id)
        return wire.residence(found, access.record_id)

    async def CorrectResidence(
        self, request: pb.CorrectResidenceRequest, context: Context
    ) -> pb.CorrectResidenceResponse:
        """Enter a registration in the place of a wrong one."""
        registration_id = wire.registration_id(request.registration_id)
        current_access().subject = f"registration:{registration_id}"
        new_id = await self._residences.correct(
            registration_id, wire.correction(request), fields.request(request)
        )
        return pb.CorrectResidenceResponse(registration_id=str(new_id))

    async def AnnulResidence(
        self, request: pb.AnnulResidenceRequest, context: Context
    ) -> pb.AnnulResidenceResponse:
        """Annul a registration."""
        registration_id = wire.registration_id(request.registration_id)
        current_access().subject = f"registration:{registration_id}"
        await self._residences.annul(registration_id, fields.request(request))
        return pb.AnnulResidenceResponse()

    async def CorrectPerson(
        self, request: pb.CorrectPersonRequest, context: Context
    ) -> pb.CorrectPersonResponse:
        """Correct what the register says of a person."""
        number = self._subject(request)
        right = wire.identity_correction(request, self._codes, self._nationalities, self._today())
        documents = [number, right.number] if right.number else [number]
        async with self._finding.by(request, *documents):
            await self._persons.correct(number, right, fields.request(request))
        return pb.CorrectPersonResponse()

    async def ListPersonCorrections(
        self, request: pb.ListPersonCorrectionsRequest, context: Context
    ) -> pb.ListPersonCorrectionsResponse:
        """Answer who corrected what of a person."""
        access, asker = current_access(), asker_of(request)
        number = self._subject(request)
        self._limits.admit(asker)
        found = await self._person_queries.corrections(
            self._seal.blind_index(number), asker, self._today()
        )
        self._limits.note_number(asker, number, found=found is not None)
        await self._decoys.watch(asker.account, [access.subject], access.record_id)
        if found is None:
            raise PersonNotRegisteredError
        return wire.corrections(found, access.record_id)

    async def SetContact(
        self, request: pb.SetContactRequest, context: Context
    ) -> pb.SetContactResponse:
        """Keep how a person can be reached."""
        number = self._subject(request)
        contact = Contact.parse(request.phone, request.email)
        async with self._finding.by(request, number):
            await self._persons.set_contact(number, contact, fields.request(request))
        return pb.SetContactResponse()

    async def RearrangeHousehold(
        self, request: pb.RearrangeHouseholdRequest, context: Context
    ) -> pb.RearrangeHouseholdResponse:
        """Say anew who is what in a household."""
        named = wire.named_members(request, self._codes, self._today())
        current_access().subject = f"household:{named.household_id}"
        async with self._finding.by(request, *named.members):
            await self._households.rearrange(named, fields.request(request))
        return pb.RearrangeHouseholdResponse()

    async def SplitHousehold(
        self, request: pb.SplitHouseholdRequest, context: Context
    ) -> pb.SplitHouseholdResponse:
        """Split members off into a household of their own."""
        named = wire.named_members(request, self._codes, self._today())
        current_access().subject = f"household:{named.household_id}"
        async with self._finding.by(request, *named.members):
            household_id = await self._households.split(named, fields.request(request))
        return pb.SplitHouseholdResponse(household_id=str(household_id))

    async def ListHouseholdRelationships(
        self, request: pb.ListHouseholdRelationshipsRequest, context: Context
    ) -> pb.ListHouseholdRelationshipsResponse:
        """Answer what a member may be to the householder."""
        return wire.relationships(await self._household_queries.relationships())

    async def SetLegalBasis(
        self, request: pb.SetLegalBasisRequest, context: Context
    ) -> pb.SetLegalBasisResponse:
        """Keep by what right people live in a dwelling."""
        dwelling_id = fields.dwelling_id(request.dwelling_id)
        current_access().subject = f"dwelling:{dwelling_id}"
        await self._places.set_legal_basis(
            dwelling_id, wire.legal_basis(request), fields.request(request)
        )
        return pb.SetLegalBasisResponse()

    async def SetPosition(
        self, request: pb.SetPositionRequest, context: Context
    ) -> pb.SetPositionResponse:
        """Keep where a building is."""
        building_id = fields.building_id(request.building_id)
        current_access().subject = f"building:{building_id}"
        await self._places.set_position(
            building_id, wire.position(request), fields.request(request)
        )
        return pb.SetPositionResponse()

    async def ListPlaceChanges(
        self, request: pb.ListPlaceChangesRequest, context: Context
    ) -> pb.ListPlaceChangesResponse:
        """Answer what was said of a place before."""
        match request.WhichOneof("place"):
            case "dwelling_id":
                dwelling_id = fields.dwelling_id(request.dwelling_id)
                changes = await self._place_queries.changes_of_dwelling(dwelling_id)
            case "building_id":
                building_id = fields.building_id(request.building_id)
                changes = await self._place_queries.changes_of_building(building_id)
            case _:
                raise FieldInvalidError("place", DWELLING_OR_BUILDING)
        return wire.place_changes(changes)

    def _subject(self, request: Any) -> PersonalIdNumber:  # noqa: ANN401 - any request that names a person
        """Read the number of whom a request is about, and name them for the access record."""
        access = current_access()
        access.subject = "unknown"
        number = PersonalIdNumber.parse(request.personal_id_number, self._codes, self._today())
        access.subject = self._seal.pseudonym(number)
        return number

    def _today(self) -> date:
        return ward_day(self._clock())
