"""Fires measured in full-scale tests, and when real smoke alarms sounded in them.

Source: NIST TN 1455-1, see data/nist_smoke_alarms/README.md and the notice there.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "nist_smoke_alarms"
TESTS = ("SDC05", "SDC07", "SDC38", "SDC39")
PHOTOELECTRIC = "Pho"


@dataclass(frozen=True)
class Trace:
    """One test: seconds since the start and, by name, a channel of as many values."""

    test: str
    seconds: Sequence[float]
    channels: Mapping[str, Sequence[float]]

    @property
    def length_s(self) -> float:
        """How long was measured."""
        return self.seconds[-1]


def load(test: str) -> Trace:
    """Read the test of that name."""
    with (DATA / f"{test}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    channels = {name: [float(row[name]) for row in rows] for name in rows[0]}
    return Trace(test, channels.pop("TIME"), channels)


def photoelectric_alarms(test: str) -> dict[str, float]:
    """Return, by station, when its first photoelectric alarm sounded, seconds into the test."""
    with (DATA / "activation_times.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["test"] == test]
    earliest: dict[str, float] = {}
    for row in rows:
        if row["sensor"].startswith(PHOTOELECTRIC):
            station, at = row["station"], float(row["activation_s"])
            earliest[station] = min(at, earliest.get(station, at))
    return earliest
