"""The city's dispatch centre behind its port: asked over gRPC, with a deadline; an outage is no answer."""

from typing import Protocol

from grpc import aio

from chassis.telemetry.log import logger
from incidents.domain.incidents.incident import Incident
from incidents.domain.lifecycle.handovers import CentreAnswer, Handover, HandoverState
from incidents.wire import handovers as wire
from ward.dispatch.v1 import dispatch_pb2, dispatch_pb2_grpc

_DEADLINE_S = 3.0


class DispatchCentre(Protocol):
    """The port: who takes incidents over."""

    async def ask(self, handover: Handover, incident: Incident) -> CentreAnswer | None:
        """Send an offer, or ask how far it is; None for no answer that can be believed."""


class DispatchClient:
    """Asks over gRPC. An offer that may have arrived is sent again under its id, which the centre knows."""

    def __init__(self, channel: aio.Channel) -> None:
        self._stub = dispatch_pb2_grpc.DispatchServiceStub(channel)

    async def ask(self, handover: Handover, incident: Incident) -> CentreAnswer | None:
        """Send an offer, or ask how far it is; None for no answer that can be believed."""
        try:
            status = await self._status(handover, incident)
        except aio.AioRpcError as error:
            logger().warning("dispatch_centre_unavailable", code=error.code().name)
            return None
        answer = wire.read_status(status, handover.handover_id)
        if answer is None:
            logger().warning("dispatch_centre_answered_something_else")
        return answer

    async def _status(self, handover: Handover, incident: Incident) -> dispatch_pb2.OfferStatus:
        if handover.state is HandoverState.OFFERING:
            offer = wire.offer_message(handover, incident)
            return (await self._stub.OfferIncident(offer, timeout=_DEADLINE_S)).status
        asked = dispatch_pb2.GetOfferRequest(
            offer_id=str(handover.handover_id), ward_code=incident.ward_code
        )
        return (await self._stub.GetOffer(asked, timeout=_DEADLINE_S)).status
