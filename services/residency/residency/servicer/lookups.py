"""Lookups of persons and households."""

from collections.abc import Iterable
from functools import partial

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from residency.domain.lookups.disclosure import Asker, Disclosure
from residency.domain.lookups.pseudonyms import Pseudonyms
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.places.address import Gazetteer
from residency.domain.protection.break_glass import NotThroughIncidentsError
from residency.domain.residence.found import FoundHousehold, FoundPerson
from residency.operations.break_glass import BreakGlassOperations
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.queries.anomalies import AnomalyQueries
from residency.queries.lookups import LookupQueries
from residency.queries.search import SearchQueries
from residency.servicer.asking import actor, asker_of
from residency.servicer.naming import Naming
from residency.servicer.showing import Showing
from residency.wire import anomalies as wire_anomalies
from residency.wire import answers, fields
from residency.wire import break_glass as wire_glass
from residency.wire import lookups as wire
from ward.residency.v1 import lookups_pb2 as pb
from ward.residency.v1 import lookups_pb2_grpc


class LookupServicer(lookups_pb2_grpc.LookupServiceServicer):
    """The methods of `LookupService`; each names whom it looks at for the access record."""

    service: str = pb.DESCRIPTOR.services_by_name["LookupService"].full_name

    def __init__(
        self,
        queries: LookupQueries,
        search: SearchQueries,
        anomalies: AnomalyQueries,
        glass: BreakGlassOperations,
        limits: LookupLimits,
        decoys: DecoyOperations,
        seal: NumberSeal,
        pseudonyms: Pseudonyms,
        naming: Naming,
        showing: Showing,
        codes: RegistrationCodes,
        gazetteer: Gazetteer,
        incidents_account: str,
        clock: Clock,
    ) -> None:
        self._queries = queries
        self._search = search
        self._anomalies = anomalies
        self._glass = glass
        self._limits = limits
        self._decoys = decoys
        self._incidents_account = incidents_account
        self._seal = seal
        self._pseudonyms = pseudonyms
        self._naming = naming
        self._showing = showing
        self._codes = codes
        self._gazetteer = gazetteer
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        lookups_pb2_grpc.add_LookupServiceServicer_to_server(self, server)

    async def LookupPerson(
        self, request: pb.LookupPersonRequest, context: Context
    ) -> pb.LookupPersonResponse:
        """Answer what may be shown of one person."""
        access, asker, today = current_access(), asker_of(request), ward_day(self._clock())
        access.subject = "unknown"
        asked = wire.asked_person(request, self._codes, today)
        found: FoundPerson | None
        if isinstance(asked, PersonalIdNumber):
            index = self._seal.blind_index(asked)
            access.subject = subject_of(index)
            self._limits.admit(asker)
            disclosure, found = await self._queries.by_number(index, asker, today)
            self._limits.note_number(asker, asked, found=found is not None)
        else:
            person_id = await self._naming.person_of(asked, asker.account)
            self._limits.admit(asker)
            disclosure, found = await self._queries.by_id(person_id, asker, today)
            self._limits.note_persons(asker, [access.subject])
        access.fields = sorted(disclosure.fields) if found else ()
        await self._decoys.watch(asker.account, [access.subject], access.record_id)
        shown = self._showing.person(found, disclosure, asker) if found else None
        return wire.looked_up(disclosure, shown, access.record_id)

    async def ListHousehold(
        self, request: pb.ListHouseholdRequest, context: Context
    ) -> pb.ListHouseholdResponse:
        """Answer the members of a person's households."""
        access, asker = current_access(), asker_of(request)
        person_id = await self._naming.person_of(request.pseudonym, asker.account)
        async with self._limits.listing(asker):
            disclosure, found = await self._queries.households_of(
                person_id, asker, ward_day(self._clock())
            )
            access.fields = sorted(disclosure.fields)
            members = (member.person for one in found for member in one.members)
            access.shown = [subject_of(one.number_index) for one in members]
            looked_at = [access.subject, *access.shown]
            self._limits.note_persons(asker, looked_at)
        await self._decoys.watch(asker.account, looked_at, access.record_id)
        return pb.ListHouseholdResponse(
            households=[self._household(one, disclosure, asker) for one in found],
            withheld=wire.withheld(disclosure),
            access_record_id=str(access.record_id),
        )

    async def SearchPersons(
        self, request: pb.SearchPersonsRequest, context: Context
    ) -> pb.SearchPersonsResponse:
        """Answer a page of persons, each of whom is accounted for like one who was asked for."""
        access, asker = current_access(), asker_of(request)
        access.subject = "search"
        name, size = wire.searched_name(request), wire.search_size(request)
        place = fields.address_terms("address", request.address, self._gazetteer)
        after = wire.search_after(
            request.page_token, partial(self._pseudonyms.resolve, account=asker.account)
        )
        async with self._limits.listing(asker):
            disclosure, found = await self._search.search_persons(
                name, place, asker, ward_day(self._clock()), after, size + 1
            )
            people = [match.person for match in found.matches[:size]]
            access.fields = sorted(disclosure.fields) if people else ()
            access.shown = [subject_of(one.number_index) for one in people]
            self._limits.note_persons(asker, access.shown)
        await self._decoys.watch(asker.account, access.shown, access.record_id)
        shown = [self._showing.person(one, disclosure, asker) for one in people]
        return wire.searched(found, shown, disclosure, access.record_id)

    async def DiscloseOccupants(
        self, request: pb.DiscloseOccupantsRequest, context: Context
    ) -> pb.DiscloseOccupantsResponse:
        """Break the glass: answer who is in the building of an open incident."""
        access, asker = current_access(), asker_of(request)
        access.subject = "occupants"
        if actor() != self._incidents_account:
            raise NotThroughIncidentsError
        found = await self._glass.disclose(wire_glass.wanted(request), asker)
        dwellings = [
            self._showing.dwelling(one, found.disclosure, asker) for one in found.dwellings
        ]
        kept_back = wire.withheld(found.disclosure)
        return wire_glass.disclosed(found.broken, dwellings, kept_back, access.record_id)

    async def ListAccessAnomalies(
        self, request: pb.ListAccessAnomaliesRequest, context: Context
    ) -> pb.ListAccessAnomaliesResponse:
        """Answer a page of what was odd lately."""
        access, now, size = current_access(), self._clock(), page_size(request.page_size)
        access.subject = "anomalies"
        since = now - wire_anomalies.period(request)
        after = wire_anomalies.page_after(request.page_token)
        found = await self._anomalies.list_anomalies(since, now, after, size + 1)
        return wire_anomalies.anomalies_page(found, size, access.record_id)

    def _household(
        self, found: FoundHousehold, disclosure: Disclosure, asker: Asker
    ) -> pb.HouseholdListing:
        members: Iterable[pb.HouseholdListingMember] = (
            pb.HouseholdListingMember(
                person=self._showing.person(member.person, disclosure, asker),
                householder=member.is_householder,
                relationship=member.relationship,
            )
            for member in found.members
        )
        return wire.household(found.household_id, answers.dwelling(found.dwelling), members)
