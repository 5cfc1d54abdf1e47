"""docker-compose.yml gives each service what it needs, and no more."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import canary.settings
import fire_safety.settings
import gateway.settings
import incidents.settings
import residency.settings
from chassis.settings import BaseServiceSettings, read_settings
from stack import containers, postgres
from stack.settings import REPOSITORY, Ports, Settings

SERVICES: dict[str, type[BaseServiceSettings]] = {
    "residency": residency.settings.Settings,
    "fire-safety": fire_safety.settings.Settings,
    "incidents": incidents.settings.Settings,
    "gateway": gateway.settings.Settings,
    "canary": canary.settings.Settings,
}
MIGRATIONS = [f"{name}-migrate" for name in ("residency", "fire-safety", "incidents")]
AUDITS = ["residency-audit", "incidents-audit"]
# What PostgreSQL on this machine alone has, or containers alone.
PLACES = {"listen_addresses", "unix_socket_directories"}
PAGES = [
    file
    for folder in ("deploy", "docs/runbooks", "services/residency")
    for file in sorted((REPOSITORY / folder).rglob("*.md"))
]
_VARIABLE = re.compile(r"\$\{\w+:?-([^${}]*)\}")


def compose() -> dict[str, Any]:
    """Read the file, with every variable at its default."""
    text = (REPOSITORY / "docker-compose.yml").read_text()
    while _VARIABLE.search(text):
        text = _VARIABLE.sub(r"\1", text)
    read: dict[str, Any] = yaml.safe_load(text)
    return read


COMPOSE = compose()


def secrets_of(service: str) -> dict[str, str]:
    """Tell what is mounted into a service: the name that it sees, and whose file that is."""
    mounted = COMPOSE["services"][service].get("secrets", [])
    return {
        (one["target"] if isinstance(one, dict) else one): (
            one["source"] if isinstance(one, dict) else one
        )
        for one in mounted
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the files that are mounted."""
    return containers.prepare(tmp_path_factory.mktemp("containers"), Ports(), Settings())


@pytest.mark.parametrize("name", [*SERVICES, *MIGRATIONS, *AUDITS])
def test_a_service_finds_all_its_settings(
    name: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables and mounted files together are settings that the service accepts."""
    for key, text in COMPOSE["services"][name]["environment"].items():
        monkeypatch.setenv(key, str(text))
    for target, source in secrets_of(name).items():
        (tmp_path / target).write_text((files / source).read_text())

    assert read_settings(SERVICES[name.removesuffix("-migrate").removesuffix("-audit")], tmp_path)


@pytest.mark.parametrize("name", [*SERVICES, *MIGRATIONS, *AUDITS])
def test_every_variable_and_secret_is_a_setting(name: str) -> None:
    """One that no service reads would be a mistake in its name."""
    fields = set(SERVICES[name.removesuffix("-migrate").removesuffix("-audit")].model_fields)
    variables = {key.lower() for key in COMPOSE["services"][name]["environment"]}
    read_by_path = {
        "jwks.json",
        "service_token",
        "canary_token",
        "backup.json",
        "notification_gateways.json",
    }

    assert variables <= fields
    assert set(secrets_of(name)) - read_by_path <= fields


def test_only_migrations_imports_and_audits_may_act_as_owner() -> None:
    """A running service holds the limited role only."""
    holders = {
        name for name in COMPOSE["services"] if "migration_database_url" in secrets_of(name)
    }

    assert holders == {*MIGRATIONS, *AUDITS, "residency-import", "fire-safety-import"}


def test_who_audits_starts_nothing_else() -> None:
    """Wherever it is told how: by its name alone it would make anew a broker that other files had changed."""
    told = "\n".join(one.read_text() for one in [REPOSITORY / "docker-compose.yml", *PAGES])
    commands = re.findall(r"docker compose run --rm\s+(--no-deps\s+)?(\w+)-audit", told)

    assert {service for _, service in commands} == {"residency", "incidents", "SERVICE"}
    assert all(option for option, _ in commands)


def test_every_file_that_is_mounted_is_written(files: Path) -> None:
    """And none is written that nothing mounts, but for what the cluster of NATS needs."""
    written = {one.name for one in files.iterdir()}

    assert written - set(COMPOSE["secrets"]) == {"nats-cluster.conf"}
    assert set(COMPOSE["secrets"]) <= written


def test_postgresql_is_as_durable_as_that_of_one_machine() -> None:
    """The same settings as `make up` gives it."""
    command = COMPOSE["services"]["postgres"]["command"][1:]
    given = dict(option.removeprefix("-c").split("=", 1) for option in command)

    assert {k: v for k, v in given.items() if k not in PLACES} == {
        k: v for k, v in postgres.SETTINGS.items() if k not in PLACES
    }


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_containers_have_no_privileges(name: str) -> None:
    """No capability but what an image needs to become its own user; a file system of ours cannot be written."""
    service = COMPOSE["services"][name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if "safe-digital-ward" in service["image"]:
        assert service["read_only"]
        assert "cap_add" not in service


def test_who_listens_on_the_host() -> None:
    """Sensors and browsers come in, and administrators; the databases and the services' gRPC stay inside."""
    published = {name for name, one in COMPOSE["services"].items() if "ports" in one}

    assert published == {"nats", "gateway", "prometheus", "grafana"}
    for name in published:
        assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"][name]["ports"])
    assert COMPOSE["networks"]["inside"]["internal"]


def test_who_reaches_out() -> None:
    """Incidents alone, of those that nobody reaches from outside: it has people and systems to tell."""
    outward = {
        name for name, one in COMPOSE["services"].items() if "outward" in one.get("networks", [])
    }

    assert outward == {"incidents"}


@pytest.mark.parametrize("name", SERVICES)
def test_files_that_settings_name_are_mounted(name: str) -> None:
    """A path that leads nowhere would be told only when the file is needed."""
    named = {
        text.removeprefix("/run/secrets/")
        for key, text in COMPOSE["services"][name]["environment"].items()
        if key.endswith("_FILE")
    }

    assert named <= set(secrets_of(name))


def test_without_a_registry_every_image_is_one_that_was_built() -> None:
    """Ours by its name; those of others by their stand-ins, but for Grafana, which is off then."""
    beside = yaml.safe_load((REPOSITORY / "deploy" / "airgap" / "compose.yml").read_text())
    others = {
        name
        for name, one in COMPOSE["services"].items()
        if "safe-digital-ward" not in one["image"]
    }

    assert set(beside["services"]) == others
    assert beside["services"]["grafana-role"]["profiles"] == ["grafana"]
    assert beside["services"].pop("grafana") == {"profiles": ["grafana"]}
    assert all(one["image"].endswith(":local") for one in beside["services"].values())
