"""Whoever asks a command what it does is told at once, in both languages, without any setting."""

import os
import subprocess
import sys

import pytest

COMMANDS = (
    ["fire_safety"],
    ["fire_safety", "outbox"],
    ["fire_safety", "import-devices"],
    ["gateway"],
    ["incidents"],
    ["incidents", "holidays", "import"],
    ["incidents", "webhooks", "retry"],
    ["residency"],
    ["residency", "audit", "export"],
    ["residency", "decoys", "add"],
    ["residency", "import-residences"],
    ["stack"],
    ["canary"],
    ["chassis.telemetry.probe"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_is_told_in_both_languages(words: list[str]) -> None:
    """Also where nothing is configured, as on a machine that is new."""
    asked = [sys.executable, "-m", *words, "--help"]
    done = subprocess.run(  # noqa: S603 - our own commands
        asked, env={"PATH": os.defpath}, capture_output=True, encoding="utf-8", check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "·" in done.stdout
