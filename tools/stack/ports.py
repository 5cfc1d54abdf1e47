"""TCP ports of the loopback interface: which are free, and what to say when one is not."""

import socket
from contextlib import ExitStack

from stack.errors import StackError

LOOPBACK = "127.0.0.1"


class PortTakenError(StackError):
    """Another program listens on the port; the sentence names the port and the setting."""

    def __init__(self, port: int, owner: str, setting: str) -> None:
        super().__init__(
            f"Cổng {port} dành cho {owner} đang bị chương trình khác dùng: "
            f"hãy đặt {setting} sang một cổng trống.",
            f"Port {port}, meant for {owner}, is taken by another program: "
            f"set {setting} to a free port.",
        )


def free_port() -> int:
    """Return a port nobody listens on at this moment, chosen by the kernel."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return that many different ports nobody listens on at this moment."""
    with ExitStack() as probes:
        held = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in held:
            probe.bind((LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in held]


def is_free(port: int) -> bool:
    """Say whether a server could listen on the port now."""
    with socket.socket() as probe:
        # A port whose last connections linger in TIME_WAIT is free for a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def require_free(port: int, owner: str, setting: str) -> None:
    """Raise `PortTakenError` unless a server could listen on the port now."""
    if not is_free(port):
        raise PortTakenError(port, owner, setting)
