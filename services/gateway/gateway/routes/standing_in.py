"""Calls for whoever has no account: the gateway calls for itself, with a service's token of its own."""

from pathlib import Path

from chassis import context
from chassis.context import Identity
from chassis.errors import ServiceUnavailableError
from chassis.telemetry.log import logger


class StandIn:
    """Signs the gateway itself in; the services decide what it is told, and that is for everybody."""

    def __init__(self, token_file: Path | None) -> None:
        self._token_file = token_file

    def sign_in(self) -> None:
        """Call as the gateway from here on; the token is read anew each time.

        Raises ServiceUnavailableError where there is none.
        """
        try:
            token = self._token_file.read_text().strip() if self._token_file else ""
        except OSError:
            token = ""
        if not token:
            logger().error("service_token_missing", needed="SERVICE_TOKEN_FILE")
            raise ServiceUnavailableError
        context.identity.set(Identity(account="", roles=frozenset(), token=token))
