"""Settings are read from the environment, and what is wrong with them is said in words."""

from pathlib import Path

import pytest
from pydantic import PositiveInt, SecretStr

from chassis.settings import BaseServiceSettings, read_settings


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
        "SOME_KEY: Field required",
        "SOME_NUMBER: Input should be greater than 0",
    ]
