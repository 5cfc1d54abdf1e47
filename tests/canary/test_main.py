"""The command line: told without settings."""

import sys

import pytest

from canary.__main__ import main


def test_help_needs_no_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever asks what the command does is told that, not what is missing."""
    monkeypatch.setattr(sys, "argv", ["canary", "--help"])
    with pytest.raises(SystemExit, match="0"):
        main()

    assert "from sensor to officer" in " ".join(capsys.readouterr().out.split())
