"""Breaking the glass, for whoever asks by screen or on paper: one way, one record."""

from functools import partial

from chassis.context import current_access
from chassis.rpc.access import stated_purpose
from incidents.clients.residency import OccupancyRegister
from incidents.domain.reports.sealing import ReportSeal
from incidents.domain.rescue.occupants import DisclosureNotAllowedError, OccupantsWanted
from incidents.queries.incidents import IncidentQueries
from incidents.wire import occupants
from ward.incidents.v1 import incidents_pb2


class Disclosure:
    """Passes on what residency tells of those inside, and accounts for the look here too."""

    def __init__(
        self, queries: IncidentQueries, register: OccupancyRegister, seal: ReportSeal
    ) -> None:
        self._queries = queries
        self._register = register
        self._seal = seal

    async def disclose(self, wanted: OccupantsWanted) -> incidents_pb2.DiscloseOccupantsResponse:
        """Tell who is inside; raises what residency refuses, or what the incident's state does."""
        access = current_access()
        access.subject = f"incident:{wanted.incident_id}"
        incident = await self._queries.open_incident(wanted.incident_id)
        if incident.exercise:
            raise DisclosureNotAllowedError
        stated = stated_purpose(occupants.asked_of_residency(wanted, incident))
        access.purpose, access.reference = stated.purpose, stated.reference
        access.legal_basis = stated.legal_basis
        told = await self._register.disclose(wanted, incident)
        tag_of = partial(self._seal.person_tag, incident.incident_id)
        return occupants.occupants_message(told, tag_of)
