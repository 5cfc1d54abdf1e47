"""Open311 GeoReport v2 (wiki.open311.org/GeoReport_v2), as the standard says, over `ServiceRequestsService`."""

from gateway.routes.open311.endpoints import open311_routes

__all__ = ["open311_routes"]
