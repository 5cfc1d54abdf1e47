"""The only place where the service's parts are constructed."""

from incidents.app.commands import MIGRATIONS
from incidents.app.serving import serve, start

__all__ = ["MIGRATIONS", "serve", "start"]
