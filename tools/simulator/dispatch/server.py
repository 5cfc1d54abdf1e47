"""Answers `DispatchService`: takes each offer once, and decides as it is told to, or after some time by itself."""

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import grpc
from grpc import aio

from ward.dispatch.v1 import dispatch_pb2 as pb
from ward.dispatch.v1 import dispatch_pb2_grpc

# Longer than anybody waits.
SLOW_S = 60.0


class Fault(StrEnum):
    """How the centre fails."""

    # It does not.
    NONE = "none"
    # It says that it is unavailable.
    DOWN = "down"
    # It takes the offer, and answers after a minute.
    SLOW = "slow"
    # It says of whatever it took on that it was only received.
    LYING = "lying"
    # It answers of another offer.
    STRAYING = "straying"
    # It does not, and takes no offer on: everybody is out.
    REJECTING = "rejecting"


@dataclass
class Offer:
    """An offer that came: how often, and where it stands."""

    asked: pb.OfferIncidentRequest
    reference: str
    times: int = 0
    state: pb.OfferState.ValueType = pb.OFFER_STATE_RECEIVED
    remark: str = ""


@dataclass
class DispatchServer(dispatch_pb2_grpc.DispatchServiceServicer):
    """A dispatch centre; `offers` holds what came, by id."""

    fault: Fault = Fault.NONE
    offers: dict[str, Offer] = field(default_factory=dict)

    async def serve(self, listen: str) -> tuple[aio.Server, int]:
        """Start serving at host:port; tell the server and its port."""
        server = aio.server()
        dispatch_pb2_grpc.add_DispatchServiceServicer_to_server(self, server)
        port = server.add_insecure_port(listen)
        await server.start()
        return server, port

    def decide(self, offer_id: str, state: pb.OfferState.ValueType, remark: str = "") -> None:
        """Bring an offer to a state."""
        self.offers[offer_id].state = state
        self.offers[offer_id].remark = remark

    async def OfferIncident(  # noqa: N802 - the contract's name
        self, request: pb.OfferIncidentRequest, context: "aio.ServicerContext[Any, Any]"
    ) -> pb.OfferIncidentResponse:
        """Take an offer in, once however often it comes, or fail."""
        if self.fault is Fault.DOWN:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the centre is down")
        known = self.offers.setdefault(
            request.offer_id, Offer(request, f"114-{len(self.offers) + 1:06d}")
        )
        known.times += 1
        return pb.OfferIncidentResponse(status=await self._told(request.offer_id))

    async def GetOffer(  # noqa: N802 - the contract's name
        self, request: pb.GetOfferRequest, context: "aio.ServicerContext[Any, Any]"
    ) -> pb.GetOfferResponse:
        """Tell where an offer stands, or fail."""
        if self.fault is Fault.DOWN:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the centre is down")
        if request.offer_id not in self.offers:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such offer")
        return pb.GetOfferResponse(status=await self._told(request.offer_id))

    async def _told(self, offer_id: str) -> pb.OfferStatus:
        known, lying = self.offers[offer_id], self.fault is Fault.LYING
        if self.fault is Fault.SLOW:
            await asyncio.sleep(SLOW_S)
        return pb.OfferStatus(
            offer_id=f"not-{offer_id}" if self.fault is Fault.STRAYING else offer_id,
            state=pb.OFFER_STATE_RECEIVED if lying else known.state,
            centre_reference=known.reference,
            remark="" if lying else known.remark,
        )
