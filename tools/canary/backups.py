"""How old the newest backup is, by the record that every finished backup leaves."""

import json
from datetime import datetime
from pathlib import Path


def began(record: Path) -> float:
    """Tell when the newest backup began, seconds since 1970; 0 without a record, or with one that does not say."""
    try:
        return datetime.fromisoformat(json.loads(record.read_text())["began_at"]).timestamp()
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0
