"""The platform in containers: started by Compose, cut, killed and counted through the Docker Engine."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
from testcontainers.compose import DockerCompose

from chassis.clock import utc_now
from stack import containers
from stack.backup import back_up, restore
from stack.data_places import InContainers
from stack.installation import Installation
from stack.ports import free_ports
from stack.settings import REPOSITORY, Ports
from stack.settings import Settings as StackSettings
from tests.containers.settings import Settings

_IMPORTS = ("residency-import", "fire-safety-import")
_OTHER_PORTS = ("PROMETHEUS_PORT", "STACK_NATS_2_PORT", "STACK_NATS_3_PORT")
_JOB_SECONDS = 180


class Platform:
    """One project of Compose with a small fictitious ward, on free ports and with volumes of its own."""

    def __init__(self, run_dir: Path, name: str, *overlays: str, replicas: int = 1) -> None:
        settings = Settings()
        ports = Ports.free()
        self.place = Installation(run_dir, ports)
        self.nats_ports = [ports.nats_port]
        self._name = name
        folder = containers.prepare(run_dir, ports, StackSettings())
        others = dict(zip(_OTHER_PORTS, free_ports(len(_OTHER_PORTS)), strict=True))
        if replicas > 1:
            self.nats_ports += [others[one] for one in _OTHER_PORTS[1:]]
        environment = {
            "COMPOSE_PROJECT_NAME": name,
            "WARD_FILES": folder,
            "STACK_RESIDENTS": settings.residents,
            "NATS_REPLICAS": replicas,
            "NATS_IMAGE": settings.nats_image,
            **ports.numbered(),
            **others,
        }
        env_file = run_dir / "compose.env"
        env_file.write_text("".join(f"{key}={value}\n" for key, value in environment.items()))
        self.compose = DockerCompose(
            context=REPOSITORY,
            compose_file_name=[*settings.compose_files.split(":"), *overlays],
            env_file=str(env_file),
        )
        self._data = InContainers(self.place, self.compose.docker_compose_command())
        self._engine = docker.from_env()

    @contextmanager
    def running(self) -> Iterator["Platform"]:
        """Bring everything up with the ward's data, and take it down with its volumes."""
        try:
            self.compose.start()
            for job in _IMPORTS:
                self._run("run", "--rm", "--no-TTY", job)
            yield self
        finally:
            self._down()
            self._engine.close()

    def container(self, service: str) -> Any:
        """Give the engine's container of a service."""
        project = f"com.docker.compose.project={self._name}"
        labels = [project, f"com.docker.compose.service={service}"]
        (found,) = self._engine.containers.list(all=True, filters={"label": labels})
        return found

    @contextmanager
    def killed(self, service: str) -> Iterator[None]:
        """Kill a container as a crash would, and start it again afterwards."""
        self.container(service).kill()
        try:
            yield
        finally:
            self.container(service).start()

    @contextmanager
    def cut_off(self, service: str) -> Iterator[None]:
        """Take a container off the network of the services; whoever comes from outside still reaches it."""
        network = self._engine.networks.get(f"{self._name}_inside")
        network.disconnect(self.container(service))
        try:
            yield
        finally:
            network.connect(self.container(service), aliases=[service])

    def back_up(self, folder: Path) -> None:
        """Back it up as its administrators do."""
        back_up(self.place, folder, utc_now, self._data)

    def lose_everything(self) -> None:
        """Delete its containers, its volumes and its keys."""
        self._down()
        for name in ("secrets", "issuer", "certificates", "files"):
            shutil.rmtree(self.place.run_dir / name)

    def restore(self, folder: Path) -> None:
        """Make it anew from a backup, and start it."""
        restore(self.place, folder, self._data)
        self.compose.start()

    def rows(self, database: str, statement: str) -> list[list[str]]:
        """Read from a service's database as a superuser: rows of texts. It waits for a database that is starting."""
        shell = (
            'export PGPASSWORD="$(cat /run/secrets/postgres_password)"; '
            "until pg_isready -q -h 127.0.0.1; do sleep 0.2; done; "
            f'exec psql -X -q -At -h 127.0.0.1 -U postgres {database} -c "$0"'
        )
        answer, _, _ = self.compose.exec_in_container(["sh", "-c", shell, statement], "postgres")
        return [line.split("|") for line in answer.splitlines()]

    def _down(self) -> None:
        self._run("--profile", "simulator", "down", "--volumes", "--remove-orphans")

    def _run(self, *command: str) -> None:
        subprocess.run(  # noqa: S603 - Docker Compose
            [*self.compose.docker_compose_command(), *command],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
            timeout=_JOB_SECONDS,
        )
