"""Server streams as server-sent events (WHATWG HTML §9.2), with resume."""

from gateway.events.streams import EventStreams
from gateway.events.watch import Patience

__all__ = ["EventStreams", "Patience"]
