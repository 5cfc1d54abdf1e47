"""PostgreSQL of this machine: made, started, stopped and crashed by us, on loopback only."""

import shutil
import signal
import subprocess
import time
from functools import cached_property
from pathlib import Path

from stack import ports, postgres_binaries, postgres_home, postmaster_file
from stack.archives import unpack
from stack.child_process import POLL_SECONDS, ChildProcess
from stack.errors import StackError, StartError
from stack.postgres_binaries import Binaries
from stack.postgres_home import Home
from stack.secret_store import SecretStore, write_private
from stack.service_database import ServiceDatabase

SUPERUSER = "postgres"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
PREDECESSOR_SECONDS = 15.0
ORPHANS_REMAIN = "pre-existing shared memory block"

SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    # What is acknowledged is on the disk: said here so that no other file can unsay it.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    # Pieces of the log are kept for reuse, also those that a quiet week needs not: to make a new one takes some ten
    # milliseconds, in which no commit is told, and a fire would wait for it.
    "min_wal_size": "1GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements and the values in their errors are people's data: not for the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# For data that nobody will look for after a power cut, such as those of tests.
FLEETING = {"fsync": "off", "full_page_writes": "off"}


class BackupFailedError(StackError):
    """PostgreSQL could not be copied."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"Không sao lưu được PostgreSQL: {said}", f"PostgreSQL could not be copied: {said}"
        )


class PostgresServer:
    """One PostgreSQL server whose data, log and passwords live below a run directory.

    Port 0 means a free one, kept for later starts of this object. The server dies with this
    process. As root it runs as an unprivileged account that owns the data. Unless `durable`, a
    power cut may cost the data; a crash of the server may not.
    """

    name = "postgres"

    def __init__(
        self,
        run_dir: Path,
        port: int = 0,
        *,
        predecessor_seconds: float = PREDECESSOR_SECONDS,
        durable: bool = True,
    ) -> None:
        self.run_dir = run_dir.absolute()
        self.port = port
        self._durable = durable
        self._predecessor_seconds = predecessor_seconds
        self._secrets = SecretStore(self.run_dir / "secrets")
        self._process: ChildProcess | None = None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._home.data

    @property
    def process(self) -> ChildProcess:
        """The server's process; raises RuntimeError before the first start."""
        if self._process is None:
            msg = "PostgreSQL has not been started"
            raise RuntimeError(msg)
        return self._process

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the postmaster runs now."""
        return self._process is not None and self._process.running

    def url(self, database: str, role: str | None = None, at: str = "") -> str:
        """Return the address SQLAlchemy connects to; without a role, the superuser's.

        `at` is host:port where not here.
        """
        name = role or SUPERUSER
        host_port = at or f"{ports.LOOPBACK}:{self.port}"
        return f"postgresql+asyncpg://{name}:{self.password_for(name)}@{host_port}/{database}"

    def password_for(self, role: str) -> str:
        """Return the role's password, made at first use."""
        return self._secrets.password(f"postgres-{role}")

    def start(self) -> None:
        """Start the server and return when it accepts connections, making the data if need be.

        Raises StackError when the port is taken, the data belong to another version or user, or
        the server fails.
        """
        home = self._home
        self._await_predecessor(home)
        self.port = self.port or ports.free_port()
        ports.require_free(self.port, "PostgreSQL", "STACK_POSTGRES_PORT")
        if not home.data.exists():
            self._make_data(home)
        self._process = self._postgres(home)
        self._start_and_wait(home)

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say."""
        return self.run_dir / "log" / "postgres.log"

    def stop(self) -> None:
        """End sessions and stop in order (fast shutdown); kill after `STOP_SECONDS`."""
        if self._process is not None:
            self._process.stop(STOP_SECONDS)

    def is_stuck(self) -> bool:
        """Whether it must be started anew: never, it ends by itself when it cannot go on."""
        return False

    def kill(self) -> None:
        """Kill the postmaster at once, as a crash would; returns when it is gone."""
        self.process.kill()

    def create_service_database(self, name: str) -> ServiceDatabase:
        """Make the database of a service, its owner and its limited role; again is harmless."""
        self._run_psql(self.script_of(name))
        return ServiceDatabase(name)

    def script_of(self, name: str) -> str:
        """Return the psql script that makes the database of a service."""
        database = ServiceDatabase(name)
        return database.script(self.password_for(database.owner), self.password_for(database.app))

    def copy_to(self, folder: Path) -> None:
        """Copy all databases of the running server as of the copy's end into a new folder; raises BackupFailedError."""
        password = self._secrets.password(f"postgres-{SUPERUSER}")
        copying = subprocess.run(  # noqa: S603  # PostgreSQL's own client
            [
                self._binaries.program("pg_basebackup"),
                *("-h", ports.LOOPBACK, "-p", str(self.port), "-U", SUPERUSER),
                *("-D", folder, "-F", "tar", "-z", "-X", "stream", "-c", "fast"),
            ],
            env={"PGPASSWORD": password, "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        if copying.returncode != 0:
            raise BackupFailedError(copying.stderr)

    def lay_in(self, folder: Path) -> None:
        """Make the data of a server that has none from such a copy; it recovers when it is started."""
        home = self._home
        draft = home.directory / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        for archive, place in (("base.tar.gz", draft), ("pg_wal.tar.gz", draft / "pg_wal")):
            unpack(folder / archive, place)
        for path in (draft, *draft.rglob("*")):
            home.give(path)
        draft.rename(home.data)

    @cached_property
    def _home(self) -> Home:
        return postgres_home.prepare(self.run_dir)

    @cached_property
    def _binaries(self) -> Binaries:
        home = self._home
        chosen = postgres_binaries.choose(home.data)
        if home.account is None or postgres_home.may_enter(home.account, chosen.directory):
            return chosen
        return chosen.copy_to(home.directory)

    def _postgres(self, home: Home) -> ChildProcess:
        settings = SETTINGS if self._durable else SETTINGS | FLEETING
        options = [part for key, text in settings.items() for part in ("-c", f"{key}={text}")]
        return ChildProcess(
            name="postgres",
            command=[
                self._binaries.program("postgres"),
                *("-D", home.data, "-p", str(self.port)),
                *options,
            ],
            log=self.log,
            environment={"LANG": "C.UTF-8"},
            stop_signal=signal.SIGINT,
            account=home.account,
        )

    def _await_predecessor(self, home: Home) -> None:
        # A supervisor that was killed leaves a server that is still shutting down.
        deadline = time.monotonic() + self._predecessor_seconds
        while (owner := postmaster_file.live_server(home.data)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if owner:
            raise postmaster_file.DataInUseError(home.data, owner)
        postmaster_file.discard_stale(home.data)

    def _make_data(self, home: Home) -> None:
        draft = home.directory / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        home.give(draft)
        password_file = home.directory / "initdb-password"
        write_private(password_file, self.password_for(SUPERUSER))
        home.give(password_file)
        # In the server's place, so that `stop` and `kill` from another thread reach it too.
        self._process = initdb = self._initdb(home, draft, password_file)
        initdb.start()
        initdb.wait(START_SECONDS)
        initdb.kill()
        password_file.unlink()
        if initdb.exit_code != 0:
            raise StartError("PostgreSQL", initdb.log, initdb.last_lines())
        # Only a finished directory gets the name, so an interrupted first run starts afresh.
        draft.rename(home.data)

    def _initdb(self, home: Home, data: Path, password_file: Path) -> ChildProcess:
        return ChildProcess(
            name="initdb",
            command=[
                self._binaries.program("initdb"),
                *("-D", data, "-U", SUPERUSER, "-E", "UTF8", "--data-checksums"),
                *("-A", "scram-sha-256", f"--pwfile={password_file}"),
                *self._binaries.locale_options,
                *([] if self._durable else ["--no-sync"]),
            ],
            log=self.run_dir / "log" / "postgres-initdb.log",
            environment={"LANG": "C.UTF-8"},
            account=home.account,
        )

    def _start_and_wait(self, home: Home) -> None:
        deadline = time.monotonic() + START_SECONDS
        self.process.start()
        while not postmaster_file.is_ready(home.data, self.pid):
            if time.monotonic() > deadline:
                self.process.kill()
            if not self.process.running:
                self._restart_or_raise(deadline)
            time.sleep(POLL_SECONDS)

    def _restart_or_raise(self, deadline: float) -> None:
        # After a kill -9 the old backends need a moment to notice and let go of the memory.
        orphans_remain = ORPHANS_REMAIN in self.process.last_lines(3)
        if not orphans_remain or time.monotonic() > deadline:
            raise StartError("PostgreSQL", self.process.log, self.process.last_lines())
        self.process.start()

    def _run_psql(self, script: str) -> None:
        password = self.password_for(SUPERUSER)
        psql = subprocess.run(  # noqa: S603  # PostgreSQL's own client
            [
                self._binaries.program("psql"),
                *("-X", "-q", "-h", ports.LOOPBACK, "-p", str(self.port)),
                *("-U", SUPERUSER, "-d", "postgres", "-f", "-"),
            ],
            input=script,
            env={"PGPASSWORD": password, "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        if psql.returncode != 0:
            msg = f"psql failed: {psql.stderr}"
            raise RuntimeError(msg)
