"""The text of server-sent events."""

RETRY_MS = 2000
HEARTBEAT = b": \n\n"


def opening(resume_token: str) -> bytes:
    """Open a stream: a comment at once, how soon to reconnect, and where to resume if nothing ever happens."""
    return f": ok\nretry: {RETRY_MS}\n{_field('id', resume_token)}\n".encode()


def event(name: str, data: str, resume_token: str = "") -> bytes:
    """Write one event. `data` is one line; without a token the browser keeps the one before."""
    return f"{_field('event', name)}{_field('id', resume_token)}data: {data}\n\n".encode()


def _field(name: str, value: str) -> str:
    # A line break would end the field and begin another one; the parser gives NUL a meaning of its own.
    clean = value.translate({ord("\r"): None, ord("\n"): None, 0: None})
    return f"{name}: {clean}\n" if clean else ""
