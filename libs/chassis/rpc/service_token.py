"""The access token by which a process proves itself to others: when it ends, before it has ended."""

import json
from pathlib import Path

from joserfc import jws
from joserfc.errors import JoseError

from chassis.telemetry import metrics


def tell_expiry(file: Path | None) -> None:
    """Let metrics tell at each scrape until when the token in a file is valid.

    Nothing is told without a file. The token is read only, not checked: whoever is called checks it.
    """
    if file is not None:
        metrics.SERVICE_TOKEN_EXPIRES.labels("calls").set_function(lambda: _expires(file))


def _expires(file: Path) -> float:
    """Give the end of the token in a file, seconds since 1970; 0 for none that can be read."""
    try:
        return float(json.loads(jws.extract_compact(file.read_bytes().strip()).payload)["exp"])
    except (OSError, ValueError, KeyError, TypeError, JoseError):
        return 0.0
