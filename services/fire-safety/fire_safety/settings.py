"""What the service reads from the environment, once."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Settings of fire safety: those that all services share."""
