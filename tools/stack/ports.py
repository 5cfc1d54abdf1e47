"""TCP ports of the loopback interface: which are free, and what to say when one is not."""

import secrets
import socket

from stack.errors import StackError

LOOPBACK = "127.0.0.1"
# Below the ports that Linux gives to outgoing connections.
LISTENING_RANGE = range(20_000, 32_000)


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
    """Return a port nobody listens on at this moment."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return that many different ports nobody listens on at this moment.

    Not the kernel's choice: a port it gives is one that an outgoing connection may take meanwhile.
    """
    found: set[int] = set()
    while len(found) < count:
        candidate = secrets.choice(LISTENING_RANGE)
        if is_free(candidate):
            found.add(candidate)
    return list(found)


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
