"""What the service reads from the environment, once."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of incidents; each names its environment variable in upper case."""
