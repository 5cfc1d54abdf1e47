"""What the tests in containers read from the environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Which files of Compose make the platform; each is overridden by TEST_ and its name in upper case."""

    model_config = SettingsConfigDict(env_prefix="TEST_", frozen=True, extra="ignore")

    # Separated by colons. That of deploy/airgap has the images which `make images` builds.
    compose_files: str = "docker-compose.yml:deploy/airgap/compose.yml"
    # Of the second and third server of a cluster.
    nats_image: str = "ward-nats:local"
    residents: int = 2200
