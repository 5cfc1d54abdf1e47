"""The four real fires, as the demo's devices tell them: one device a station, one reading a row."""

import csv
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from fire_safety.domain.readings.reading import Reading

DATA = Path(__file__).parents[2] / "tools" / "simulator" / "data" / "nist_smoke_alarms"
FIRES = ("SDC05", "SDC07", "SDC38", "SDC39")
STATIONS = "ABCDEF"
START_MS = 1_700_000_000_000

# The first rows are taken before the smoke comes: the meter's zero.
_ZERO_ROWS = 5
_CLEAN_AIR = 0.002


@dataclass(frozen=True)
class Station:
    """What one station's ceiling smoke meter and thermocouple showed, as readings; t = 0 is `START_MS`."""

    name: str
    readings: list[Reading]


def stations(fire: str, clean_air: float = _CLEAN_AIR, *, zeroed: bool = True) -> list[Station]:
    """Read a fire's stations."""
    with (DATA / f"{fire}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [_station(name, rows, clean_air, zeroed=zeroed) for name in STATIONS]


def photo_alarms(fire: str) -> dict[str, float]:
    """Tell when each station's earliest photoelectric alarm sounded, seconds; only those that did."""
    with (DATA / "activation_times.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["test"] == fire]
    sounded: dict[str, float] = {}
    for row in rows:
        if row["sensor"].startswith("Pho"):
            at = float(row["activation_s"])
            sounded[row["station"]] = min(at, sounded.get(row["station"], at))
    return sounded


def _station(name: str, rows: list[dict[str, str]], clean_air: float, *, zeroed: bool) -> Station:
    meter, thermocouple = f"SM{name}_1", f"TC{name}_1"
    zero = median(float(row[meter]) for row in rows[:_ZERO_ROWS]) if zeroed else 0.0
    readings = []
    for row in rows:
        at = START_MS + round(float(row["TIME"]) * 1000)
        density = max(float(row[meter]) - zero + clean_air, 0.0)
        readings.append(Reading(at, at, density, float(row[thermocouple])))
    return Station(name, readings)
