"""What the gateway reads from the environment, once."""

from pathlib import Path

from chassis.addresses import Listen
from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Settings of the gateway; each names its environment variable in upper case."""

    http_listen: Listen = "127.0.0.1:8080"
    # host:port of each service's gRPC server.
    residency_target: str
    fire_safety_target: str
    incidents_target: str
    # The gateway's own access token (role `service`), read anew at each use: with it the gateway asks for what
    # everybody may know, such as Open311's services and requests. Without it they are not told.
    service_token_file: Path | None = None
    # The public keys of the local issuer, for development: with it the gateway serves the issuer's discovery document.
    dev_jwks_file: Path | None = None
