"""One installation: its run directory, its servers, its issuer, and what it tells its services."""

import json
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from stack.errors import StackError
from stack.issuer import AUDIENCE, WARD_CODE, Issuer
from stack.nats_configuration import GATEKEEPER, SIMULATOR
from stack.nats_server import NatsServer
from stack.ports import LOOPBACK
from stack.postgres import PostgresServer
from stack.secret_store import SecretStore
from stack.service_database import ServiceDatabase
from stack.settings import Ports, Settings

DATABASE_SERVICES = ("residency", "fire_safety", "incidents")
# The accounts by which services and the canary prove themselves.
INCIDENTS = "incidents"
GATEWAY = "gateway"
CANARY = "canary"
PORTS_FILE = "ports.json"
POPULATION_FAULT_FILE = "population.fault"
BACKUP_RECORD_FILE = "backup.json"
# The folder of photos and files, where they do not lie with the broker.
ATTACHMENTS = "attachments"


class NeverStartedError(StackError):
    """The run directory has never seen an `up`."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(
            f"Hệ thống chưa từng chạy ở {run_dir}: hãy chạy `make up` trước.",
            f"Nothing has been started in {run_dir} yet: run `make up` first.",
        )


class Installation:
    """Everything that one run directory and one set of ports determine; nothing runs yet."""

    def __init__(self, run_dir: Path, ports: Ports, settings: Settings | None = None) -> None:
        self.run_dir = run_dir.absolute()
        self.ports = ports
        self.settings = settings or Settings()
        self.postgres = PostgresServer(self.run_dir, ports.postgres_port)
        self.nats = NatsServer(
            self.run_dir,
            ports.nats_port,
            ports.nats_monitor_port,
            ports.mqtt_port,
            mqtt_tls=self.settings.mqtt_tls,
        )
        self.issuer = Issuer(self.run_dir / "issuer", self.gateway_address)
        self._secrets = SecretStore(self.run_dir / "secrets")

    @classmethod
    def of_run(cls, run_dir: Path) -> Self:
        """Return the installation that `up` started last in the run directory, with its ports.

        Raises `NeverStartedError` when there is none.
        """
        try:
            ports = json.loads((run_dir / PORTS_FILE).read_text())
        except FileNotFoundError:
            raise NeverStartedError(run_dir) from None
        return cls(run_dir, Ports(**ports))

    def prepare(self) -> None:
        """Make the issuer's keys and note the ports for `of_run`."""
        self.issuer.prepare()
        for account in (INCIDENTS, GATEWAY, CANARY):
            file = self.service_token_file(account)
            self.issuer.write_service_token(file, account, time.time())
        (self.run_dir / PORTS_FILE).write_text(self.ports.model_dump_json(indent=1))

    def service_token_file(self, account: str) -> Path:
        """Return the file of the access token of a service's own account."""
        return self.run_dir / "issuer" / f"{account}.token"

    @property
    def gateway_address(self) -> str:
        """Where people and browsers find the platform."""
        return f"http://{LOOPBACK}:{self.ports.gateway_port}"

    @property
    def ward(self) -> Path:
        """The directory of the generated ward."""
        return self.run_dir / "ward"

    @property
    def population_target(self) -> str:
        """Return host:port of the simulated National Population Database."""
        return f"{LOOPBACK}:{self.ports.population_port}"

    @property
    def has_dispatch(self) -> bool:
        """Tell whether a dispatch centre is simulated."""
        return self.settings.dispatch != "none"

    @property
    def dispatch_target(self) -> str:
        """Return host:port of the simulated dispatch centre."""
        return f"{LOOPBACK}:{self.ports.dispatch_port}"

    @property
    def population_fault(self) -> Path:
        """The file that says how the simulated National Population Database fails."""
        return self.run_dir / POPULATION_FAULT_FILE

    @property
    def backup_record(self) -> Path:
        """The file that says of when the newest backup is; the canary tells its age."""
        return self.run_dir / BACKUP_RECORD_FILE

    def note_backup(self, record: str) -> None:
        """Write that file, and that of the same name which a container mounts, in place."""
        for folder in (self.run_dir, self.run_dir / "files"):
            if folder.exists():
                (folder / BACKUP_RECORD_FILE).write_text(record)

    def environment_of(self, service: str) -> dict[str, str]:
        """Return the whole environment of a service, or of a command of the simulator."""
        specific = {
            "residency": self._residency,
            "fire_safety": self._fire_safety,
            "incidents": self._incidents,
            "gateway": self._gateway,
            "canary": self._canary,
            "simulator": self._simulator,
        }.get(service, dict[str, str])
        database = self._database(service) if service in DATABASE_SERVICES else {}
        return {**self._common, **database, **specific()}

    def target(self, service: str) -> str:
        """Return host:port of a service's gRPC server."""
        return f"{LOOPBACK}:{self._port(service, 'grpc')}"

    def admin_port(self, service: str) -> int:
        """Return the port of a service's /readyz and /metrics."""
        return self._port(service, "admin")

    @cached_property
    def _common(self) -> Mapping[str, str]:
        return {
            "PATH": self.settings.path,
            "HOME": self.settings.home,
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "WARD_CODE": WARD_CODE,
            "LOG_LEVEL": self.settings.log_level,
            "NATS_URL": self.nats.url,
            "AUTH_ISSUER": self.issuer.address,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS": self.issuer.jwks_url,
        }

    def _database(self, service: str) -> dict[str, str]:
        database = ServiceDatabase(service)
        return {
            "DATABASE_URL": self.postgres.url(database.name, database.app),
            "MIGRATION_DATABASE_URL": self.postgres.url(database.name, database.owner),
            "GRPC_LISTEN": self.target(service),
            "ADMIN_LISTEN": f"{LOOPBACK}:{self.admin_port(service)}",
        }

    def _residency(self) -> dict[str, str]:
        return {
            "ID_ENCRYPTION_KEY": self._secrets.key("id-encryption-key"),
            "ID_INDEX_KEY": self._secrets.key("id-index-key"),
            "PSEUDONYM_KEY": self._secrets.key("pseudonym-key"),
            "POPULATION_TARGET": self.population_target,
        }

    def _fire_safety(self) -> dict[str, str]:
        return {
            "NATS_GATEKEEPER_URL": self.nats.url_for(GATEKEEPER),
            "NATS_SIGNING_SEED": self.nats.signing_key.seed,
            "NATS_CURVE_SEED": self.nats.curve_key.seed,
            "MQTT_TLS_ONLY": str(self.settings.mqtt_tls).lower(),
        }

    def _incidents(self) -> dict[str, str]:
        in_folder = self.settings.attachments == "folder"
        return {
            **({"ATTACHMENT_FOLDER": str(self.run_dir / ATTACHMENTS)} if in_folder else {}),
            **({"DISPATCH_TARGET": self.dispatch_target} if self.has_dispatch else {}),
            "RESIDENCY_TARGET": self.target("residency"),
            "SERVICE_TOKEN_FILE": str(self.service_token_file(INCIDENTS)),
            "REPORT_ENCRYPTION_KEY": self._secrets.key("report-encryption-key"),
            "FOLLOW_UP_KEY": self._secrets.key("follow-up-key"),
        }

    def _gateway(self) -> dict[str, str]:
        return {
            "HTTP_LISTEN": f"{LOOPBACK}:{self.ports.gateway_port}",
            "RESIDENCY_TARGET": self.target("residency"),
            "FIRE_SAFETY_TARGET": self.target("fire_safety"),
            "INCIDENTS_TARGET": self.target("incidents"),
            "SERVICE_TOKEN_FILE": str(self.service_token_file(GATEWAY)),
            "DEV_JWKS_FILE": str(self.issuer.jwks_file),
        }

    def _canary(self) -> dict[str, str]:
        return {
            "GATEWAY_ADDRESS": self.gateway_address,
            "SERVICE_TOKEN_FILE": str(self.service_token_file(CANARY)),
            "BACKUP_RECORD_FILE": str(self.backup_record),
            "ADMIN_LISTEN": f"{LOOPBACK}:{self.admin_port('canary')}",
        }

    def _simulator(self) -> dict[str, str]:
        return {
            "NATS_URL": self.nats.url_for(SIMULATOR),
            "STACK_RUN_DIR": str(self.run_dir),
        }

    def _port(self, service: str, kind: str) -> int:
        port: int = getattr(self.ports, f"{service}_{kind}_port")
        return port
