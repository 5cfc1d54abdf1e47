"""What the platform needs in containers: secrets and configuration as files, which docker-compose.yml mounts.

They are made of the same secrets as those of `up`: so tokens, the demonstration and the simulator work with either.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from stack.certificates import Certificates
from stack.installation import CANARY, DATABASE_SERVICES, GATEWAY, INCIDENTS, Installation
from stack.nats_configuration import GATEKEEPER, SERVICES, SIMULATOR, Cluster, Place
from stack.postgres import SUPERUSER
from stack.service_database import ServiceDatabase, scram_verifier
from stack.settings import REPOSITORY, Ports, Settings

# Names and ports inside, as docker-compose.yml has them.
POSTGRES = "postgres:5432"
NATS_HOST, NATS_PORT = "nats", 4222
NATS_NODES = ("nats-1", "nats-2", "nats-3")
NATS_MONITOR_PORT, NATS_MQTT_PORT, NATS_CLUSTER_PORT = 8222, 1883, 6222
MOUNTED = Path("/run/secrets")

# Who is told off the console, and how: an administrator's own to fill in (services/incidents/README.md).
GATEWAYS_FILE = "notification_gateways.json"

# The keys that only one service has, by the names of its settings.
KEYS = {
    "residency": ("ID_ENCRYPTION_KEY", "ID_INDEX_KEY", "PSEUDONYM_KEY"),
    "fire_safety": ("NATS_SIGNING_SEED", "NATS_CURVE_SEED"),
    "incidents": ("REPORT_ENCRYPTION_KEY", "FOLLOW_UP_KEY"),
}


def prepare(run_dir: Path, ports: Ports, settings: Settings) -> Path:
    """Write what is not there yet, renew what ends, and return the folder of the files.

    The folder is closed to everybody else (0700); the files in it are readable, since each container reads those that
    are mounted into it as a user of its own.
    """
    place = Installation(run_dir, ports, settings)
    place.prepare()
    folder = place.run_dir / "files"
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, text in _files(place, settings):
        _write(folder / name, text)
    gateways = folder / GATEWAYS_FILE
    if not gateways.is_file():
        _write(gateways, "{}\n")
    return folder


def _files(place: Installation, settings: Settings) -> Iterator[tuple[str, str]]:
    yield "postgres_password", place.postgres.password_for(SUPERUSER)
    yield "databases.sql", "\n".join(map(place.postgres.script_of, DATABASE_SERVICES))
    yield "grafana_password", place.postgres.password_for("grafana")
    reader = place.postgres.password_for("grafana-reader")
    yield "grafana_database_password", reader
    yield "grafana.sql", _role_of_grafana(reader)
    yield "jwks.json", place.issuer.jwks_file.read_text()
    tokens = {
        "service_token": INCIDENTS,
        "gateway_service_token": GATEWAY,
        "canary_token": CANARY,
    }
    for name, account in tokens.items():
        yield name, place.service_token_file(account).read_text()
    # Empty until there is a backup: Compose mounts it into the canary.
    record = place.backup_record
    yield record.name, record.read_text() if record.exists() else "{}"
    for service in DATABASE_SERVICES:
        database = ServiceDatabase(service)
        for kind, role in (("", database.app), ("migration_", database.owner)):
            url = place.postgres.url(database.name, role, POSTGRES)
            yield f"{service}_{kind}database_url", url
        environment = place.environment_of(service)
        for key in KEYS[service]:
            yield key.lower(), environment[key]
    yield from _nats(place, settings)


def _role_of_grafana(password: str) -> str:
    """Write the script that makes Grafana's role in the databases whose views it reads; again is harmless."""
    role = (REPOSITORY / "deploy" / "grafana" / "role.sql").read_text()
    parts = (f"\\connect {name}\n{role}" for name in ("fire_safety", "incidents"))
    verifier = scram_verifier(password)
    return "\n".join(
        ("\\set ON_ERROR_STOP on", *parts, f"alter role grafana password '{verifier}';")
    )


def _nats(place: Installation, settings: Settings) -> Iterator[tuple[str, str]]:
    at = f"{NATS_HOST}:{NATS_PORT}"
    yield "nats_url", place.nats.url_for(SERVICES, at)
    yield "nats_gatekeeper_url", place.nats.url_for(GATEKEEPER, at)
    yield "simulator_nats_url", place.nats.url_for(SIMULATOR, at)
    certificates = Certificates(place.run_dir / "certificates", (NATS_HOST, *NATS_NODES))
    certificates.prepare(time.time())
    yield "nats_certificate.pem", certificates.server_file.read_text()
    yield "nats_key.pem", certificates.server_key_file.read_text()
    nodes = Cluster(NATS_CLUSTER_PORT, NATS_NODES, place.nats.password_for("cluster"))
    for name, cluster in (("nats.conf", None), ("nats-cluster.conf", nodes)):
        yield name, place.nats.configuration(_nats_place(settings, cluster))


def _nats_place(settings: Settings, cluster: Cluster | None) -> Place:
    return Place(
        host="0.0.0.0",  # noqa: S104 - of a container; docker-compose.yml says who reaches it
        port=NATS_PORT,
        http_port=NATS_MONITOR_PORT,
        mqtt_port=NATS_MQTT_PORT,
        mqtt_tls=settings.mqtt_tls,
        store=Path("/data"),
        certificate=MOUNTED / "nats_certificate.pem",
        certificate_key=MOUNTED / "nats_key.pem",
        name="$SERVER_NAME",
        cluster=cluster,
    )


def _write(path: Path, text: str) -> None:
    """Write in place: a container that runs keeps the file that was mounted, and sees what is new in it."""
    if path.is_dir():  # Docker made it where a file was missing
        shutil.rmtree(path)
    path.write_text(text)
    path.chmod(0o644)
