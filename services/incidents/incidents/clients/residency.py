"""Residency, asked who is inside: for the officer who calls, by this service, which proves itself by its own token."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from grpc import aio

from chassis.errors import DomainError, RequestIdReusedError, ServiceUnavailableError
from chassis.rpc.access import ACTING_HEADER
from chassis.rpc.grpc_errors import reason_of
from chassis.telemetry.log import logger
from incidents.domain.incidents.incident import Incident
from incidents.domain.lifecycle.states import IncidentClosedError
from incidents.domain.rescue.occupants import (
    DisclosureNotAllowedError,
    Occupants,
    OccupantsWanted,
    PlaceUnknownError,
    ReviewPendingError,
)
from incidents.wire import occupants as wire
from ward.residency.v1 import lookups_pb2_grpc

# What residency refuses and the officer must know. Anything else is an outage: also an incident that residency has not
# heard of yet.
_REFUSALS: Mapping[str, type[DomainError]] = {
    error.reason: error
    for error in (
        DisclosureNotAllowedError,
        IncidentClosedError,
        PlaceUnknownError,
        RequestIdReusedError,
        ReviewPendingError,
    )
}


class OccupancyRegister(Protocol):
    """The port: who can tell who is registered in the building of an incident."""

    async def disclose(self, wanted: OccupantsWanted, incident: Incident) -> Occupants:
        """Tell who is inside; raises what residency refuses, or ServiceUnavailableError."""


class ResidencyClient:
    """Asks over gRPC. The channel passes the officer's token on; the token of this service is read anew each time."""

    def __init__(self, channel: aio.Channel, token_file: Path) -> None:
        self._stub = lookups_pb2_grpc.LookupServiceStub(channel)
        self._token_file = token_file

    async def disclose(self, wanted: OccupantsWanted, incident: Incident) -> Occupants:
        """Tell who is inside; raises what residency refuses, or ServiceUnavailableError."""
        try:
            answer = await self._stub.DiscloseOccupants(
                wire.asked_of_residency(wanted, incident),
                metadata=((ACTING_HEADER, f"Bearer {self._token()}"),),
            )
        except aio.AioRpcError as error:
            reason = reason_of(error)
            logger().warning("occupants_refused", code=error.code().name, reason=reason)
            raise _REFUSALS.get(reason, ServiceUnavailableError) from error
        return Occupants(answer.SerializeToString())

    def _token(self) -> str:
        try:
            return self._token_file.read_text().strip()
        except OSError as error:
            logger().error("service_token_missing")
            raise ServiceUnavailableError from error


class NoRegister:
    """Where the service was not told how to ask: there are no names."""

    async def disclose(self, wanted: OccupantsWanted, incident: Incident) -> Occupants:  # noqa: ARG002 - the port's
        """Raise ServiceUnavailableError."""
        logger().warning("occupants_not_asked", needed="RESIDENCY_TARGET, SERVICE_TOKEN_FILE")
        raise ServiceUnavailableError
