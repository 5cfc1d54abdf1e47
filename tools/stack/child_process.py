"""One child process: started so that it dies with us, stopped politely, its log at hand."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO

LAUNCHER = Path(__file__).with_name("launcher.py")
POLL_SECONDS = 0.02
STOP_SECONDS = 10.0
LINE_CHARACTERS = 300
LOG_BYTES_KEPT = 8 * 1024 * 1024


@dataclass(frozen=True)
class Account:
    """A user of the operating system, by number."""

    uid: int
    gid: int


@dataclass
class ChildProcess:
    """A program that lives at most as long as we do; output goes to the end of its log."""

    name: str
    command: Sequence[str | Path]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path = Path("/")
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The process id; raises RuntimeError before the first start."""
        if self._process is None:
            msg = f"{self.name} has not been started"
            raise RuntimeError(msg)
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code of the last run, negative for a signal; None until there is one."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Whether the program runs now."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program; raises OSError when it cannot be started."""
        self._process = _spawner().submit(self._spawn).result()

    def stop(self, patience: float = STOP_SECONDS) -> None:
        """Ask it to stop, wait that many seconds at most, then kill it."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(self.stop_signal)
        if not self.wait(patience):
            self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would; returns when it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def wait(self, seconds: float) -> bool:
        """Wait for its end that long at most, and say whether it ended."""
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        return not self.running

    def last_lines(self, count: int = 12) -> str:
        """Return the end of its log."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()[-count:]
        return "\n".join(line[:LINE_CHARACTERS] for line in lines)

    def trim_log(self) -> None:
        """Move a log that has grown long aside, also while the program writes to it."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_KEPT:
            shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
            # The program appends: its next line becomes the first.
            os.truncate(self.log, 0)

    def _spawn(self) -> subprocess.Popen[bytes]:
        self.trim_log()
        with _open_log(self.log) as log:
            return subprocess.Popen(  # noqa: S603  # the commands are our own
                [*self._launcher(), *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                cwd=self.directory,
                # Ctrl-C of the terminal reaches us alone, so that we stop children in order.
                start_new_session=True,
            )

    def _launcher(self) -> list[str]:
        account = f"{self.account.uid}:{self.account.gid}" if self.account else "-"
        signals = [str(os.getpid()), str(int(self.stop_signal)), account]
        return [sys.executable, "-I", "-S", str(LAUNCHER), *signals]


@cache
def _spawner() -> ThreadPoolExecutor:
    # The kernel takes the death of the forking *thread* for the parent's death: all children
    # are forked by one thread, which lives until the interpreter ends.
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def _open_log(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
