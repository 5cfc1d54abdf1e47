"""What the tool reads from the environment, once."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parents[2]
PROMETHEUS = REPOSITORY / "deploy" / "prometheus"
GRAFANA = REPOSITORY / "deploy" / "grafana"


class Settings(BaseSettings):
    """Where programs are; each names its environment variable in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    # A folder with `prometheus` and `promtool`; without it they are taken from PATH, or fetched once.
    prometheus_home: Path | None = None
    path: str = ""
    cache: Path = Field(
        default_factory=lambda: Path.home() / ".cache", validation_alias="XDG_CACHE_HOME"
    )
