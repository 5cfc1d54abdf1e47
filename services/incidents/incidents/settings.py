"""What the service reads from the environment, once."""

from pathlib import Path

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of incidents; each names its environment variable in upper case."""

    # host:port of residency, and the file with this service's own access token, which is read anew whenever it is
    # needed. Without both there are no names of occupants; nothing else needs them.
    residency_target: str = ""
    service_token_file: Path | None = None
