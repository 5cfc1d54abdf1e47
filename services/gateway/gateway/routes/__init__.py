"""What stands around the transcoded routes: health, metrics, documentation, and the frame of every answer."""

from gateway.routes.documentation import documentation_routes
from gateway.routes.frame import Frame
from gateway.routes.operations import operations_routes

__all__ = ["Frame", "documentation_routes", "operations_routes"]
