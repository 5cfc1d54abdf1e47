"""What stands around the transcoded routes: server, frame of every answer, health, metrics, documentation."""

from gateway.routes.documentation import documentation_routes
from gateway.routes.frame import Frame
from gateway.routes.operations import operations_routes
from gateway.routes.server import GatewayServer

__all__ = ["Frame", "GatewayServer", "documentation_routes", "operations_routes"]
