"""What the canary reads from the environment, once."""

from pathlib import Path

from pydantic import SecretStr

from chassis.addresses import BrokerUrl, Listen
from chassis.settings import BaseServiceSettings


class Settings(BaseServiceSettings):
    """Settings of the canary; each names its environment variable in upper case."""

    nats_url: BrokerUrl = SecretStr("nats://127.0.0.1:4222")
    # Certificates (PEM) to trust at a broker whose address begins with tls://; without them those of the system.
    nats_authority_file: Path | None = None
    # Where officers go: http://host:port.
    gateway_address: str
    # A token with the role `service`, read anew at each connection.
    service_token_file: Path
    admin_listen: Listen = "127.0.0.1:0"
    # What every finished backup leaves: a JSON object whose `began_at` is a moment as ISO 8601 writes it.
    backup_record_file: Path | None = None
    # How often it signals, and when a signal that was not seen is lost.
    canary_every_s: float = 60.0
    canary_lost_after_s: float = 30.0
