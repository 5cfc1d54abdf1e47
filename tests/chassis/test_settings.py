"""Settings are read from the environment, and what is wrong with them is said in words."""

from pathlib import Path

import pytest
from pydantic import PositiveInt, SecretStr

from chassis.settings import BaseServiceSettings, ServiceSettings, read_settings


class Settings(BaseServiceSettings):
    """Two settings of some service."""

    some_key: SecretStr
    some_number: PositiveInt = 1


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable has the name of the setting in upper case."""
    monkeypatch.setenv("SOME_KEY", "secret")
    monkeypatch.setenv("SOME_NUMBER", "7")

    assert read_settings(Settings).some_number == 7


def test_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file has the setting's name in lower case; a variable goes first, and other files mean nothing."""
    monkeypatch.delenv("SOME_KEY", raising=False)
    monkeypatch.setenv("SOME_NUMBER", "7")
    (tmp_path / "some_key").write_text("from a file\n")
    (tmp_path / "some_number").write_text("8")
    (tmp_path / "other").mkdir()
    settings = read_settings(Settings, tmp_path)

    assert settings.some_key.get_secret_value() == "from a file"
    assert settings.some_number == 7


def test_each_wrong_setting_is_named_and_no_value_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process ends with one line a setting, without a traceback."""
    monkeypatch.delenv("SOME_KEY", raising=False)
    monkeypatch.setenv("SOME_NUMBER", "-31337")
    with pytest.raises(SystemExit) as ended:
        read_settings(Settings)

    assert str(ended.value).splitlines() == [
        "Cấu hình sai / Wrong settings:",
        "SOME_KEY: thiếu / missing",
        "SOME_NUMBER: Input should be greater than 0",
    ]


def test_an_address_that_cannot_be_used_is_told_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line for each, in both languages."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://app:s3cret@db/residency")
    monkeypatch.setenv("NATS_URL", "http://app:s3cret@nats:4222")
    with pytest.raises(SystemExit) as ended:
        read_settings(ServiceSettings)

    first, database, broker = str(ended.value).splitlines()
    assert first == "Cấu hình sai / Wrong settings:"
    assert database.startswith("DATABASE_URL: cần dạng postgresql+asyncpg://")
    assert broker.startswith("NATS_URL: cần dạng nats://")
    assert " / must be postgresql+asyncpg://" in database
    assert " / must be nats://" in broker
    assert "s3cret" not in str(ended.value)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("LOG_LEVEL", "LOUD", "cần CRITICAL, .* / must be CRITICAL, "),
        ("WARD_CODE", "11002.>", "cần 5 chữ số, .* / must be 5 digits, "),
        ("WARD_CODE", "*", "cần 5 chữ số, .* / must be 5 digits, "),
    ],
)
def test_a_value_that_would_fail_later_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    """A level that is none ended the service with a trace; a ward that is no word would listen to others.

    Both languages are in one line.
    """
    monkeypatch.setenv("SOME_KEY", "secret")
    monkeypatch.setenv(setting, value)
    with pytest.raises(SystemExit, match=f"{setting}: {said}"):
        read_settings(Settings)


def test_a_level_may_be_written_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """As other programs have it."""
    monkeypatch.setenv("SOME_KEY", "secret")
    monkeypatch.setenv("LOG_LEVEL", "debug")

    assert read_settings(Settings).log_level == "DEBUG"


def test_a_command_that_needs_the_owner_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting is named."""
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://app@db/residency")
    monkeypatch.delenv("MIGRATION_DATABASE_URL", raising=False)
    with pytest.raises(SystemExit, match="MIGRATION_DATABASE_URL"):
        read_settings(ServiceSettings).owner_url()
