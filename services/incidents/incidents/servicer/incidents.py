"""Incidents and their briefs."""

from collections.abc import AsyncIterator

from grpc import aio

from chassis.broker.feed import Feed
from chassis.clock import Clock
from chassis.context import current_access, current_account
from chassis.rpc.servicer import Context
from incidents.clients.sources import Sources
from incidents.domain.lifecycle.durations import durations
from incidents.operations.incidents import IncidentOperations
from incidents.queries.briefs import BriefQueries
from incidents.queries.incidents import IncidentQueries
from incidents.servicer.disclosure import Disclosure
from incidents.wire import occupants
from incidents.wire.brief import brief_message
from incidents.wire.events import watched
from incidents.wire.fields import read_id
from incidents.wire.incidents import durations_message, entry_message, incident_message
from incidents.wire.requests import (
    page_token,
    read_acknowledgement,
    read_assignment,
    read_closure,
    read_listing,
)
from ward.incidents.v1 import incidents_pb2, incidents_pb2_grpc


class IncidentsServicer(incidents_pb2_grpc.IncidentsServiceServicer):
    """The methods of `IncidentsService`."""

    service: str = incidents_pb2.DESCRIPTOR.services_by_name["IncidentsService"].full_name

    def __init__(
        self,
        operations: IncidentOperations,
        queries: IncidentQueries,
        briefs: BriefQueries,
        disclosure: Disclosure,
        sources: Sources,
        feed: Feed,
        clock: Clock,
        ward_code: str,
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._briefs = briefs
        self._disclosure = disclosure
        self._sources = sources
        self._feed = feed
        self._clock = clock
        self._ward_code = ward_code

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        incidents_pb2_grpc.add_IncidentsServiceServicer_to_server(self, server)

    async def GetIncident(
        self, request: incidents_pb2.GetIncidentRequest, context: Context
    ) -> incidents_pb2.GetIncidentResponse:
        """Tell one incident with its timeline."""
        story = await self._queries.story(read_id(request.incident_id))
        return incidents_pb2.GetIncidentResponse(
            incident=incident_message(story.incident),
            timeline=[entry_message(entry) for entry in story.timeline],
            durations=durations_message(durations(story.timeline, self._clock())),
            merged_incident_ids=[str(merged) for merged in story.merged],
        )

    async def ListIncidents(
        self, request: incidents_pb2.ListIncidentsRequest, context: Context
    ) -> incidents_pb2.ListIncidentsResponse:
        """Tell a page of incidents, newest first."""
        page = await self._queries.page(read_listing(request))
        return incidents_pb2.ListIncidentsResponse(
            incidents=[incident_message(incident) for incident in page.incidents],
            next_page_token=page_token(page.incidents[-1]) if page.more else "",
        )

    async def GetRescueBrief(
        self, request: incidents_pb2.GetRescueBriefRequest, context: Context
    ) -> incidents_pb2.GetRescueBriefResponse:
        """Tell what rescuers must know, and account for the look."""
        incident_id = read_id(request.incident_id)
        current_access().subject = f"incident:{incident_id}"
        brief = await self._briefs.brief(incident_id)
        return incidents_pb2.GetRescueBriefResponse(
            brief=brief_message(brief, self._clock(), self._sources.silent())
        )

    async def DiscloseOccupants(
        self, request: incidents_pb2.DiscloseOccupantsRequest, context: Context
    ) -> incidents_pb2.DiscloseOccupantsResponse:
        """Break the glass: pass on what residency tells of those inside."""
        return await self._disclosure.disclose(occupants.wanted(request))

    async def AcknowledgeIncident(
        self, request: incidents_pb2.AcknowledgeIncidentRequest, context: Context
    ) -> incidents_pb2.AcknowledgeIncidentResponse:
        """Take an incident on."""
        asked = read_acknowledgement(request, current_account())
        incident = await self._operations.acknowledge(asked)
        return incidents_pb2.AcknowledgeIncidentResponse(incident=incident_message(incident))

    async def AssignIncident(
        self, request: incidents_pb2.AssignIncidentRequest, context: Context
    ) -> incidents_pb2.AssignIncidentResponse:
        """Give a task."""
        asked = read_assignment(request, current_account())
        incident = await self._operations.assign(asked)
        return incidents_pb2.AssignIncidentResponse(incident=incident_message(incident))

    async def CloseIncident(
        self, request: incidents_pb2.CloseIncidentRequest, context: Context
    ) -> incidents_pb2.CloseIncidentResponse:
        """End an incident."""
        asked = read_closure(request, current_account())
        incident = await self._operations.close(asked)
        return incidents_pb2.CloseIncidentResponse(incident=incident_message(incident))

    async def WatchIncidents(
        self, request: incidents_pb2.WatchIncidentsRequest, context: Context
    ) -> AsyncIterator[incidents_pb2.WatchIncidentsResponse]:
        """Tell each change in the ward as it happens."""
        async for event in self._feed.watch(request.resume_token):
            told = watched(event.resume_token, event.subject, event.payload, self._ward_code)
            if told is not None:
                yield told
