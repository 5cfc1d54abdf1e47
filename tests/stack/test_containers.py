"""The files that docker-compose.yml mounts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from stack import containers
from stack.installation import Installation
from stack.issuer import Role
from stack.settings import Ports, Settings


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Prepare a folder of files."""
    return containers.prepare(tmp_path, Ports(), Settings())


def test_written_again_they_hold_the_same_secrets(tmp_path: Path, files: Path) -> None:
    """Only what is signed or salted anew may differ: data that were encrypted stay readable, passwords valid."""
    renewed = {
        "databases.sql",
        "grafana.sql",
        "service_token",
        "backup.json",
        "canary_token",
        "gateway_service_token",
    }
    before = {one.name: one.read_text() for one in files.iterdir() if one.name not in renewed}
    containers.prepare(tmp_path, Ports(), Settings())

    assert {name: (files / name).read_text() for name in before} == before


def test_what_an_administrator_filled_in_stays(tmp_path: Path, files: Path) -> None:
    """Gateways of messages: none at first, and those that were written in afterwards."""
    gateways = files / containers.GATEWAYS_FILE
    assert json.loads(gateways.read_text()) == {}
    gateways.write_text('{"SMS": "jsons://gateway.example/sms"}')
    containers.prepare(tmp_path, Ports(), Settings())

    assert json.loads(gateways.read_text()) == {"SMS": "jsons://gateway.example/sms"}


def test_nobody_else_enters_the_folder(files: Path) -> None:
    """Each container reads its files as a user of its own, so that the folder keeps others out, not the files."""
    assert files.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in files.iterdir()} == {0o644}


def test_no_password_is_in_the_databases_script(tmp_path: Path, files: Path) -> None:
    """PostgreSQL is told verifiers."""
    place = Installation(tmp_path, Ports())
    script = (files / "databases.sql").read_text()

    assert place.postgres.password_for("incidents_app") not in script
    assert place.postgres.password_for("incidents_app") in place.postgres.url("x", "incidents_app")
    assert script.count("SCRAM-SHA-256$") == 6


def test_a_folder_that_docker_made_for_a_missing_file_gives_way(
    tmp_path: Path, files: Path
) -> None:
    """Compose, started before there are files, leaves empty folders in their places."""
    (files / "jwks.json").unlink()
    (files / "jwks.json").mkdir()
    containers.prepare(tmp_path, Ports(), Settings())

    assert (files / "jwks.json").is_file()


@pytest.mark.parametrize("name", ["nats.conf", "nats-cluster.conf"])
def test_nats_accepts_its_configuration(tmp_path: Path, files: Path, name: str) -> None:
    """The server itself reads it, with certificate and key."""
    here = (files / name).read_text().replace("/run/secrets", str(files))
    (tmp_path / name).write_text(here.replace('"/data"', f'"{tmp_path / "data"}"'))
    server = Path(sys.executable).parent / "nats-server"
    checked = subprocess.run(  # noqa: S603 - the wheel's own program
        [server, "-t", "-c", tmp_path / name],
        env={"SERVER_NAME": "nats-1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "is valid" in checked.stdout + checked.stderr
    assert checked.returncode == 0


def test_the_certificate_names_every_server_of_the_cluster(files: Path) -> None:
    """Clients inside reach them by these names, those on this machine by localhost."""
    certificate = x509.load_pem_x509_certificate((files / "nats_certificate.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    assert {"localhost", "nats", "nats-1", "nats-2", "nats-3"} == set(
        names.get_values_for_type(x509.DNSName)
    )


def test_tokens_of_the_run_directory_are_those_that_containers_accept(
    tmp_path: Path, files: Path
) -> None:
    """`python -m stack token` signs with the key whose public part is mounted."""
    place = Installation.of_run(tmp_path)

    assert place.issuer.token(Role.DUTY_OFFICER, 0)
    assert (files / "jwks.json").read_text() == place.issuer.jwks_file.read_text()
