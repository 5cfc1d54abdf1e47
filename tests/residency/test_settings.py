"""The keys of identification numbers are checked when the service starts."""

import base64

import pytest

from chassis.settings import read_settings
from residency.settings import Settings

KEY, OTHER_KEY = (base64.b64encode(part * 32).decode() for part in (b"a", b"b"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set what a good start needs."""
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://127.0.0.1/nothing")
    monkeypatch.setenv("ID_ENCRYPTION_KEY", KEY)
    monkeypatch.setenv("ID_INDEX_KEY", OTHER_KEY)
    return monkeypatch


def test_two_keys_of_32_bytes_are_accepted() -> None:
    """And not shown when the settings are printed."""
    assert KEY not in repr(read_settings(Settings))


def test_a_malformed_key_ends_the_start_in_words(environment: pytest.MonkeyPatch) -> None:
    """It names the setting and what is needed, and shows no part of the key."""
    environment.setenv("ID_ENCRYPTION_KEY", "c2hvcnQ=")
    with pytest.raises(SystemExit) as ended:
        read_settings(Settings)

    assert "ID_ENCRYPTION_KEY: Value error, 32 bytes in base64 are needed" in str(ended.value)
    assert "c2hvcnQ" not in str(ended.value)


def test_one_key_for_both_uses_is_refused(environment: pytest.MonkeyPatch) -> None:
    """Who may look numbers up must not be able to decrypt them."""
    environment.setenv("ID_INDEX_KEY", KEY)
    with pytest.raises(SystemExit, match="must be two keys"):
        read_settings(Settings)
