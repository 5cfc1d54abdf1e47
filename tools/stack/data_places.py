"""Where the data of an installation lie: in servers of this machine, or in containers of Docker Compose."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from stack import containers
from stack.errors import StackError
from stack.installation import Installation
from stack.ports import LOOPBACK
from stack.postgres import BackupFailedError
from stack.settings import REPOSITORY

# As pg_basebackup calls it.
_BASE = "base.tar.gz"


class DataExistError(StackError):
    """A restore would go over data."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"Ở {where} đã có dữ liệu: hãy xoá trước (`make reset`, `docker compose down --volumes`),"
            " hoặc chọn nơi khác.",
            f"There are data in {where}: delete them first (`make reset`, `docker compose down --volumes`), or choose"
            " another place.",
        )


class ComposeFailedError(StackError):
    """Docker Compose could not do what a backup or a restore needs."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"Docker Compose báo lỗi: {said}", f"Docker Compose could not do it: {said}"
        )


class DataPlace(Protocol):
    """What a backup and a restore need of where the data lie."""

    def copy_databases(self, folder: Path) -> None:
        """Copy the databases of the running server into a new folder; raises StackError."""

    def require_empty(self) -> None:
        """Raise DataExistError where there are data."""

    def lay_in_databases(self, folder: Path) -> None:
        """Make the databases' data from such a folder; they recover when the server is started."""

    def take_keys(self) -> None:
        """Have the servers know the keys of the installation."""

    def broker(self) -> AbstractContextManager[None]:
        """Run an empty broker during the block, and leave it as it must be before the platform starts."""


class OnThisMachine:
    """The servers of `up`."""

    def __init__(self, place: Installation) -> None:
        self._place = place

    def copy_databases(self, folder: Path) -> None:
        """Copy them with PostgreSQL's own program."""
        self._place.postgres.copy_to(folder)

    def require_empty(self) -> None:
        """Look for the servers' folders."""
        run_dir = self._place.run_dir
        if (run_dir / "nats").exists() or (run_dir / "postgres").exists():
            raise DataExistError(str(run_dir))

    def lay_in_databases(self, folder: Path) -> None:
        """Unpack them where the server looks for them."""
        self._place.postgres.lay_in(folder)

    def take_keys(self) -> None:
        """Do nothing: they read them where they lie."""

    @contextmanager
    def broker(self) -> Iterator[None]:
        """Start it alone; `up` starts it again. What was not given back as a whole is deleted."""
        self._place.nats.start()
        try:
            yield
        except BaseException:
            self._place.nats.kill()
            shutil.rmtree(self._place.run_dir / "nats")
            raise
        finally:
            self._place.nats.stop()


class InContainers:
    """The containers of docker-compose.yml, by the command that addresses them."""

    def __init__(
        self, place: Installation, compose: Sequence[str] = ("docker", "compose")
    ) -> None:
        self._place = place
        self._compose = compose

    def copy_databases(self, folder: Path) -> None:
        """Let the server's container copy them through its output, with the log of the meantime inside."""
        folder.mkdir(mode=0o700)
        script = (
            'export PGPASSWORD="$(cat /run/secrets/postgres_password)"; '
            f"exec pg_basebackup -h {LOOPBACK} -U postgres -D - -F tar -X fetch -c fast -z"
        )
        command = (*self._compose, "exec", "-T", "postgres", "sh", "-ec", script)
        with (folder / _BASE).open("wb") as copy:
            done = subprocess.run(  # noqa: S603 - Docker Compose
                command, cwd=REPOSITORY, stdout=copy, stderr=subprocess.PIPE, check=False
            )
        if done.returncode != 0:
            raise BackupFailedError(done.stderr.decode(errors="replace"))

    def require_empty(self) -> None:
        """Look into the volume of the databases, by a container that needs the files that it mounts."""
        self.take_keys()
        if self._in_postgres('test ! -e "$PGDATA" || echo full').strip():
            raise DataExistError("docker compose")

    def lay_in_databases(self, folder: Path) -> None:
        """Unpack them in the volume of the databases, as a whole or not at all."""
        script = (
            'mkdir -p -m 700 "$PGDATA.restored" && tar -xzf - -C "$PGDATA.restored"'
            ' && mv "$PGDATA.restored" "$PGDATA"'
        )
        self._in_postgres(script, folder / _BASE)

    def take_keys(self) -> None:
        """Write the files that they mount."""
        containers.prepare(self._place.run_dir, self._place.ports, self._place.settings)

    @contextmanager
    def broker(self) -> Iterator[None]:
        """Start it alone, before any service, and let it run: volumes are deleted by a person only."""
        self._run("up", "--wait", "--no-deps", "nats")
        yield

    def _in_postgres(self, script: str, sent: Path | None = None) -> str:
        options = ("run", "--rm", "-T", "--no-deps", "--entrypoint", "sh", "--user", "postgres")
        return self._run(*options, "postgres", "-ec", script, sent=sent)

    def _run(self, *command: str, sent: Path | None = None) -> str:
        with (sent or Path("/dev/null")).open("rb") as given:
            done = subprocess.run(  # noqa: S603 - Docker Compose
                (*self._compose, *command),
                cwd=REPOSITORY,
                stdin=given,
                capture_output=True,
                check=False,
            )
        if done.returncode != 0:
            raise ComposeFailedError(done.stderr.decode(errors="replace"))
        return done.stdout.decode()
