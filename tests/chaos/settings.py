"""What the tests of chaos read from the environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How long the whole platform is harmed, and how large its ward is; each is overridden by CHAOS_ and its name."""

    model_config = SettingsConfigDict(env_prefix="CHAOS_", frozen=True, extra="ignore")

    minutes: float = 10
    residents: int = 4500
    premises: int = 30
