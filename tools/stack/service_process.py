"""A service as a process: ready when it says so, its last words at hand when it fails."""

import http.client
import time
from pathlib import Path

from stack.child_process import POLL_SECONDS, ChildProcess
from stack.errors import StartError
from stack.plan import Service
from stack.ports import LOOPBACK

START_SECONDS = 90.0
STOP_SECONDS = 10.0
# A service without a port has had time by then to find its settings wrong.
SETTLE_SECONDS = 0.5


class ServiceProcess:
    """One service of the plan; it may be started again after it ended."""

    def __init__(self, service: Service, run_dir: Path) -> None:
        self.name = service.name
        self.log = run_dir / "log" / f"{service.name}.log"
        self.process = ChildProcess(
            service.name, service.command, self.log, service.environment, directory=run_dir
        )
        self._ready_port = service.ready_port

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether the process runs now."""
        return self.process.running

    def start(self) -> None:
        """Start it and return when it is ready; raises `StartError` otherwise."""
        self.process.start()
        deadline = time.monotonic() + START_SECONDS
        settled = time.monotonic() + SETTLE_SECONDS
        while not self._is_ready(settled):
            if not self.process.running or time.monotonic() > deadline:
                self.process.kill()
                raise StartError(self.name, self.log, self.process.last_lines())
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask it to stop and kill it after `STOP_SECONDS`."""
        self.process.stop(STOP_SECONDS)

    def is_stuck(self) -> bool:
        """Whether it must be started anew: never, it ends by itself when it cannot go on."""
        return False

    def kill(self) -> None:
        """Kill it at once, as a crash would; returns when it is gone."""
        self.process.kill()

    def _is_ready(self, settled: float) -> bool:
        if self._ready_port is None:
            return self.process.running and time.monotonic() > settled
        return self.process.running and answers_ok(self._ready_port, "/readyz")


def answers_ok(port: int, path: str) -> bool:
    """Say whether an HTTP server on the loopback port answers 200 to a GET of the path."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
