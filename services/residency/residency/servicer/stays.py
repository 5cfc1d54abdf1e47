"""Guests' stays and temporary absences."""

from dataclasses import replace
from datetime import date

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_access
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.domain.residence.stays import StayDeclaration
from residency.operations.absences import AbsenceOperations
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.operations.stays import StayOperations
from residency.queries.absences import AbsenceQueries
from residency.queries.stays import StayQueries
from residency.servicer.asking import asker_of
from residency.servicer.finding import Finding
from residency.servicer.showing import Showing
from residency.wire import absences as wire_absences
from residency.wire import fields
from residency.wire import stays as wire
from ward.residency.v1 import stays_pb2 as pb
from ward.residency.v1 import stays_pb2_grpc


class StaysServicer(stays_pb2_grpc.StaysServiceServicer):
    """The methods of `StaysService`; each names whom or what it looks at for the access record."""

    service: str = pb.DESCRIPTOR.services_by_name["StaysService"].full_name

    def __init__(
        self,
        stays: StayOperations,
        absences: AbsenceOperations,
        stay_queries: StayQueries,
        absence_queries: AbsenceQueries,
        limits: LookupLimits,
        decoys: DecoyOperations,
        seal: NumberSeal,
        showing: Showing,
        codes: RegistrationCodes,
        nationalities: Nationalities,
        clock: Clock,
    ) -> None:
        self._stays = stays
        self._absences = absences
        self._stay_queries = stay_queries
        self._absence_queries = absence_queries
        self._limits = limits
        self._finding = Finding(limits, decoys, seal)
        self._seal = seal
        self._showing = showing
        self._codes = codes
        self._nationalities = nationalities
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        stays_pb2_grpc.add_StaysServiceServicer_to_server(self, server)

    async def DeclareLodging(
        self, request: pb.DeclareLodgingRequest, context: Context
    ) -> pb.DeclareLodgingResponse:
        """Enter a lodging notification."""
        declared = wire.lodging(request.lodging, self._codes, self._today())
        self._name_guest(declared)
        received = wire.receipt(request, self._clock())
        async with self._finding.by(request, declared.guest.document):
            stay_id = await self._stays.declare(declared, received, fields.request(request))
        return pb.DeclareLodgingResponse(stay_id=str(stay_id))

    async def CorrectLodging(
        self, request: pb.CorrectLodgingRequest, context: Context
    ) -> pb.CorrectLodgingResponse:
        """Enter a lodging notification in the place of a wrong one."""
        correction = wire.corrected_lodging(request, self._codes, self._today())
        self._name_guest(correction.declared)
        async with self._finding.by(request, correction.declared.guest.document):
            stay_id = await self._stays.correct(
                wire.stay_id(request.stay_id), correction, fields.request(request)
            )
        return pb.CorrectLodgingResponse(stay_id=str(stay_id))

    async def DeclareForeignStay(
        self, request: pb.DeclareForeignStayRequest, context: Context
    ) -> pb.DeclareForeignStayResponse:
        """Enter a foreign stay."""
        declared = wire.foreign_stay(request.foreign_stay, self._nationalities, self._today())
        self._name_guest(declared)
        received = wire.receipt(request, self._clock())
        async with self._finding.by(request, declared.guest.document):
            stay_id = await self._stays.declare(declared, received, fields.request(request))
        return pb.DeclareForeignStayResponse(stay_id=str(stay_id))

    async def CorrectForeignStay(
        self, request: pb.CorrectForeignStayRequest, context: Context
    ) -> pb.CorrectForeignStayResponse:
        """Enter a foreign stay in the place of a wrong one."""
        correction = wire.corrected_foreign_stay(request, self._nationalities, self._today())
        self._name_guest(correction.declared)
        async with self._finding.by(request, correction.declared.guest.document):
            stay_id = await self._stays.correct(
                wire.stay_id(request.stay_id), correction, fields.request(request)
            )
        return pb.CorrectForeignStayResponse(stay_id=str(stay_id))

    async def EndGuestStay(
        self, request: pb.EndGuestStayRequest, context: Context
    ) -> pb.EndGuestStayResponse:
        """End a guest's stay."""
        stay_id = wire.stay_id(request.stay_id)
        current_access().subject = f"stay:{stay_id}"
        ended_on = fields.day("ended_on", request.ended_on)
        await self._stays.end(stay_id, ended_on, fields.request(request))
        return pb.EndGuestStayResponse()

    async def AnnulGuestStay(
        self, request: pb.AnnulGuestStayRequest, context: Context
    ) -> pb.AnnulGuestStayResponse:
        """Annul a guest's stay."""
        stay_id = wire.stay_id(request.stay_id)
        current_access().subject = f"stay:{stay_id}"
        await self._stays.annul(stay_id, fields.request(request))
        return pb.AnnulGuestStayResponse()

    async def ListGuestStays(
        self, request: pb.ListGuestStaysRequest, context: Context
    ) -> pb.ListGuestStaysResponse:
        """Answer a page of the guests of a night."""
        access, asker, size = current_access(), asker_of(request), page_size(request.page_size)
        now = self._clock()
        asked = wire.asked(request, now, ward_day(now))
        if not request.HasField("day"):
            asked = replace(asked, with_night_before=await self._stay_queries.is_night(now))
        access.subject = f"guests of dwelling:{asked.dwelling_id or 'all'}"
        of_list = wire.list_name(asked)
        after = fields.page_after(request.page_token, of_list)
        async with self._limits.listing(asker):
            disclosure, found = await self._stay_queries.of_night(
                asked, asker, self._today(), after, size + 1
            )
            access.fields = sorted(disclosure.fields) if found else ()
            access.shown = [subject_of(one.guest_index) for one in found[:size]]
            self._limits.note_persons(asker, access.shown)
        return wire.stays_page(found, size, of_list, disclosure, access.record_id)

    async def DeclareAbsence(
        self, request: pb.DeclareAbsenceRequest, context: Context
    ) -> pb.DeclareAbsenceResponse:
        """Enter an absence."""
        access, today = current_access(), self._today()
        access.subject = "unknown"
        number = PersonalIdNumber.parse(request.personal_id_number, self._codes, today)
        access.subject = self._seal.pseudonym(number)
        declared = wire_absences.declaration(request, number)
        received = wire.receipt(request, self._clock())
        async with self._finding.by(request, number):
            absence_id = await self._absences.declare(declared, received, fields.request(request))
        return pb.DeclareAbsenceResponse(absence_id=str(absence_id))

    async def CorrectAbsence(
        self, request: pb.CorrectAbsenceRequest, context: Context
    ) -> pb.CorrectAbsenceResponse:
        """Enter an absence in the place of a wrong one."""
        absence_id = wire.stay_id(request.absence_id)
        current_access().subject = f"absence:{absence_id}"
        new_id = await self._absences.correct(
            absence_id, wire_absences.correction(request), fields.request(request)
        )
        return pb.CorrectAbsenceResponse(absence_id=str(new_id))

    async def EndAbsence(
        self, request: pb.EndAbsenceRequest, context: Context
    ) -> pb.EndAbsenceResponse:
        """End an absence."""
        absence_id = wire.stay_id(request.absence_id)
        current_access().subject = f"absence:{absence_id}"
        ended_on = fields.day("ended_on", request.ended_on)
        await self._absences.end(absence_id, ended_on, fields.request(request))
        return pb.EndAbsenceResponse()

    async def AnnulAbsence(
        self, request: pb.AnnulAbsenceRequest, context: Context
    ) -> pb.AnnulAbsenceResponse:
        """Annul an absence."""
        absence_id = wire.stay_id(request.absence_id)
        current_access().subject = f"absence:{absence_id}"
        await self._absences.annul(absence_id, fields.request(request))
        return pb.AnnulAbsenceResponse()

    async def ListAbsences(
        self, request: pb.ListAbsencesRequest, context: Context
    ) -> pb.ListAbsencesResponse:
        """Answer a page of the absent."""
        access, asker, size = current_access(), asker_of(request), page_size(request.page_size)
        asked = wire.asked(request, self._clock(), self._today())
        access.subject = f"absent of dwelling:{asked.dwelling_id or 'all'}"
        of_list = wire.list_name(asked)
        after = fields.page_after(request.page_token, of_list)
        async with self._limits.listing(asker):
            disclosure, found = await self._absence_queries.of_day(
                asked, asker, self._today(), after, size + 1
            )
            access.fields = sorted(disclosure.fields) if found else ()
            people = [one.person for one in found]
            access.shown = [subject_of(one.number_index) for one in people[:size]]
            self._limits.note_persons(asker, access.shown)
        shown = [self._showing.person(one, disclosure, asker) for one in people]
        told = list(zip(found, shown, strict=True))
        return wire_absences.absences_page(told, size, of_list, disclosure, access.record_id)

    def _name_guest(self, declared: StayDeclaration) -> None:
        """Name the guest for the access record."""
        current_access().subject = subject_of(self._seal.document_index(declared.guest.document))

    def _today(self) -> date:
        return ward_day(self._clock())
