"""What the stack reads from the environment: the one place that does."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.settings import LogLevel
from stack import ports
from stack.errors import StackError

REPOSITORY = Path(__file__).resolve().parents[2]
WARD_RESIDENTS = 34_432
WARD_SEED = 11002
Port = Annotated[int, Field(ge=1, le=65535)]


class SettingError(StackError):
    """A value in the environment cannot be used."""

    def __init__(self, setting: str, given: object) -> None:
        super().__init__(
            f"Giá trị {setting}={given} không hợp lệ: hãy sửa hoặc bỏ biến môi trường này.",
            f"The value {setting}={given} cannot be used: correct or unset this variable.",
        )


class _Environment(BaseSettings):
    """Values from the environment; raises `SettingError` for one that cannot be used."""

    model_config = SettingsConfigDict(env_prefix="STACK_", frozen=True, extra="ignore")

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  # as pydantic has it
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            setting = str(first["loc"][0])
            # What has a name of its own is told by that.
            own = setting if setting.isupper() else f"STACK_{setting.upper()}"
            raise SettingError(own, first["input"]) from None


class Settings(_Environment):
    """How to run the stack; each value is overridden by STACK_ and its name in upper case."""

    run_dir: Path = REPOSITORY / ".run"
    residents: int = Field(default=WARD_RESIDENTS, ge=1)
    seed: int = WARD_SEED
    # Where the children find other programs and the person's own files.
    path: str = Field(default="/usr/local/bin:/usr/bin:/bin", validation_alias="PATH")
    home: str = Field(default="/", validation_alias="HOME")
    log_level: LogLevel = Field(default="INFO", validation_alias="LOG_LEVEL")
    # Whether the MQTT port speaks TLS; it cannot do both.
    mqtt_tls: bool = False
    # Where photos and files lie: in an object store of the broker, or in `attachments` below the run directory.
    attachments: Literal["broker", "folder"] = "broker"
    # Whether there is a dispatch centre to hand incidents over to: none, or a simulated one, which takes each or none.
    dispatch: Literal["none", "accepting", "rejecting"] = "none"


class Ports(_Environment):
    """The loopback ports of everything; each is overridden by STACK_ and its name in upper case.

    `STACK_NATS_PORT=4222`, for example.
    """

    postgres_port: Port = 15432
    nats_port: Port = 14222
    nats_monitor_port: Port = 18222
    gateway_port: Port = 8080
    residency_grpc_port: Port = 15051
    residency_admin_port: Port = 15061
    fire_safety_grpc_port: Port = 15052
    fire_safety_admin_port: Port = 15062
    incidents_grpc_port: Port = 15053
    incidents_admin_port: Port = 15063
    mqtt_port: Port = 11883
    population_port: Port = 15100
    canary_admin_port: Port = 15064
    dispatch_port: Port = 15114

    @classmethod
    def from_base(cls, base: int) -> Self:
        """Return consecutive ports beginning at `base`, for a second stack on one machine."""
        return cls(**{name: base + offset for offset, name in enumerate(cls.model_fields)})

    @classmethod
    def free(cls) -> Self:
        """Return ports that nobody listens on at this moment."""
        names = list(cls.model_fields)
        return cls(**dict(zip(names, ports.free_ports(len(names)), strict=True)))

    def numbered(self) -> dict[str, int]:
        """Return the ports by the name of their setting."""
        return {f"STACK_{name.upper()}": port for name, port in self}
