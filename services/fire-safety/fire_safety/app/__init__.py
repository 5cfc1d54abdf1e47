"""The only place where the service's parts are constructed."""

from fire_safety.app.commands import MIGRATIONS
from fire_safety.app.serving import serve, start

__all__ = ["MIGRATIONS", "serve", "start"]
