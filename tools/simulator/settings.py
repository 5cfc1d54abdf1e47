"""What the simulator reads from the environment: the one place that does."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.addresses import BrokerUrl
from chassis.settings import LogLevel, WardCode

REPOSITORY = Path(__file__).resolve().parents[2]


class FleetSettings(BaseSettings):
    """Where the sensors find their ward and the broker; names are the variables in lower case."""

    # An error says which setting is wrong, and never shows its value.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    ward_data: Path = REPOSITORY / ".run" / "ward"
    ward_code: WardCode = "11002"
    nats_url: BrokerUrl = SecretStr("nats://127.0.0.1:14222")
    # That of `make up`: detectors of other makers sign in there as themselves; unset they are silent.
    run_dir: Path | None = Field(default=None, validation_alias="STACK_RUN_DIR")
    # The broker lets devices hear acknowledgements below this prefix only.
    nats_inbox_prefix: str = "_INBOX_devices"
    log_level: LogLevel = "INFO"


class PopulationSettings(BaseSettings):
    """Whose population database is told to fail: that of `make up` in this run directory."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    run_dir: Path = Field(default=REPOSITORY / ".run", validation_alias="STACK_RUN_DIR")


class DemoSettings(BaseSettings):
    """What the demo replays and where; the platform of `make up` unless an address is given."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    fire: Literal["SDC05", "SDC07", "SDC38", "SDC39", "all"] = "SDC07"
    speed: float = Field(default=10.0, ge=1)
    ward_code: str = "11002"
    run_dir: Path = Field(default=REPOSITORY / ".run", validation_alias="STACK_RUN_DIR")
    nats_inbox_prefix: str = "_INBOX_devices"
