"""Structured logs: one JSON object a line on standard output, with the request id of the call."""

import logging
import math
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from chassis import context


def _add_request_id(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    request_id = context.request_id.get()
    if request_id:
        event["request_id"] = request_id
    return event


# PostgreSQL repeats the refused row here; asyncpg makes it a line of the error's text.
_DETAIL = re.compile(r"^DETAIL: .*$", re.MULTILINE)


def _drop_row_values(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if "exception" in event:
        event["exception"] = _DETAIL.sub("DETAIL: (not logged)", event["exception"])
    return event


def configure(service: str, level: str) -> None:
    """Send structlog and the standard library's logging to standard output as JSON.

    Exceptions keep their traceback but neither local variables nor the rows that PostgreSQL repeats in an
    error's detail: these may hold personal data.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _drop_row_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # The libraries' own chatter repeats what our metrics and logs say better.
    for noisy in ("uvicorn.access", "sqlalchemy.engine", "nats", "alembic", "httpx2", "fontTools"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)


def logger() -> Any:  # noqa: ANN401 - structlog's own type is Any
    """Give the logger; its keyword arguments become fields and must hold no personal data."""
    return structlog.get_logger()


class Sparing:
    """Warns of the same thing once in `every_s` seconds; the next warning tells how many were `unlogged` in between.

    What the fields say must be of closed sets: each is remembered.
    """

    def __init__(self, event: str, every_s: float) -> None:
        self._event = event
        self._every_s = every_s
        # When it was logged last, and how often it came since without being logged.
        self._told: dict[tuple[str, ...], tuple[float, int]] = {}

    def warn(self, now_s: float, **fields: str) -> None:
        """Log, or only count; `now_s` is by a clock that is never set."""
        cause = tuple(fields.values())
        told_s, unlogged = self._told.get(cause, (-math.inf, 0))
        if now_s - told_s < self._every_s:
            self._told[cause] = told_s, unlogged + 1
            return
        self._told[cause] = now_s, 0
        logger().warning(self._event, **fields, unlogged=unlogged)
