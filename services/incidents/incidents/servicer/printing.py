"""The rescue brief on paper."""

import asyncio

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_access
from chassis.rpc.servicer import Context
from incidents.clients.sources import Sources
from incidents.printing.brief_page import printed_occupants
from incidents.printing.copies import PDF, Copies
from incidents.queries.briefs import BriefQueries
from incidents.servicer.disclosure import Disclosure
from incidents.wire import occupants
from incidents.wire.brief import brief_message
from incidents.wire.fields import read_id
from ward.incidents.v1 import printing_pb2 as pb
from ward.incidents.v1 import printing_pb2_grpc
from ward.options.v1 import document_pb2


class PrintingServicer(printing_pb2_grpc.PrintingServiceServicer):
    """The methods of `PrintingService`."""

    service: str = pb.DESCRIPTOR.services_by_name["PrintingService"].full_name

    def __init__(
        self, briefs: BriefQueries, disclosure: Disclosure, sources: Sources, clock: Clock
    ) -> None:
        self._briefs = briefs
        self._disclosure = disclosure
        self._sources = sources
        self._clock = clock
        self._copies = Copies()

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        printing_pb2_grpc.add_PrintingServiceServicer_to_server(self, server)

    async def PrintRescueBrief(
        self, request: pb.PrintRescueBriefRequest, context: Context
    ) -> pb.PrintRescueBriefResponse:
        """Print what rescuers must know, and account for the look."""
        incident_id = read_id(request.incident_id)
        current_access().subject = f"incident:{incident_id}"
        told = await self._briefs.brief(incident_id)
        brief = brief_message(told, self._clock(), self._sources.silent())
        return await self._copies.copy_of(brief)

    async def PrintOccupants(
        self, request: pb.PrintOccupantsRequest, context: Context
    ) -> pb.PrintOccupantsResponse:
        """Break the glass, and print who is inside behind the brief."""
        wanted = occupants.wanted(request)
        told = await self._disclosure.disclose(wanted)
        found = await self._briefs.brief(wanted.incident_id)
        brief = brief_message(found, self._clock(), self._sources.silent())
        content = await asyncio.to_thread(printed_occupants, brief, told)
        return pb.PrintOccupantsResponse(
            document=document_pb2.Document(media_type=PDF, content=content),
            expires_at=told.expires_at,
        )
