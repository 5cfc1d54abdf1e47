"""The age of the newest backup, from its record."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from canary.backups import began


def test_the_record_says_when_the_backup_began(tmp_path: Path) -> None:
    """In seconds since 1970, whatever the zone in which it was written."""
    record = tmp_path / "backup.json"
    record.write_text('{"began_at": "2026-11-27T09:30:00+07:00", "messages": 7}')

    assert began(record) == datetime(2026, 11, 27, 2, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "7", '{"began_at": "yesterday"}', '{"began_at": 7}']
)
def test_a_record_that_does_not_say_is_none(tmp_path: Path, text: str) -> None:
    """An age that cannot be told must not look young."""
    record = tmp_path / "backup.json"
    record.write_text(text)

    assert began(record) == 0


def test_without_a_record_there_was_no_backup(tmp_path: Path) -> None:
    """As on a new installation."""
    assert began(tmp_path / "backup.json") == 0
