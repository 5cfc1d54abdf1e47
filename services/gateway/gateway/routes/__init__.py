"""What stands around the transcoded routes: server, frame of every answer, console, health, metrics, standards."""

from gateway.routes.cap import cap_routes
from gateway.routes.console import console_routes
from gateway.routes.documentation import documentation_routes
from gateway.routes.frame import Frame
from gateway.routes.open311 import open311_routes
from gateway.routes.operations import operations_routes
from gateway.routes.server import GatewayServer
from gateway.routes.standing_in import StandIn

__all__ = [
    "Frame",
    "GatewayServer",
    "StandIn",
    "cap_routes",
    "console_routes",
    "documentation_routes",
    "open311_routes",
    "operations_routes",
]
