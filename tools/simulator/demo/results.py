"""What a replay showed: our alarm against the real one at each station, and the times on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from simulator.demo.records import STAGES, Records, reading_of
from simulator.demo.replay import Timing
from simulator.demo.stations import Station
from simulator.demo.wording import KINDS


@dataclass(frozen=True)
class StationResult:
    """One station: seconds into the fire of its real photoelectric alarm and of ours, if any."""

    station: str
    meter: str
    device_id: str
    zone: str
    kind: str
    photo_alarm_s: float | None
    our_alarm_s: float | None

    @property
    def lag_s(self) -> float | None:
        """How much later ours came than the real one; negative is earlier."""
        if self.photo_alarm_s is None or self.our_alarm_s is None:
            return None
        return self.our_alarm_s - self.photo_alarm_s

    @property
    def missed(self) -> bool:
        """Whether a real alarm sounded and ours never came."""
        return self.photo_alarm_s is not None and self.our_alarm_s is None


@dataclass(frozen=True)
class Results:
    """One replay in figures."""

    test: str
    speed: float
    stations: Sequence[StationResult]
    # By stage: ms after publishing of every alarm that reached it.
    times_ms: Mapping[str, Sequence[float]]

    @property
    def median_lag_s(self) -> float | None:
        """The median lag over the stations whose own photoelectric alarm sounded."""
        lags = [station.lag_s for station in self.stations if station.lag_s is not None]
        return median(lags) if lags else None

    @property
    def missed(self) -> list[str]:
        """The stations where a real alarm sounded and ours never came."""
        return [station.station for station in self.stations if station.missed]

    @property
    def p50_ms(self) -> dict[str, float]:
        """The median of each stage that any alarm reached."""
        return {stage: median(times) for stage, times in self.times_ms.items() if times}

    def as_json(self) -> dict[str, object]:
        """Return everything for a file of measurements."""
        return {
            "fire": self.test,
            "speed": self.speed,
            "median_lag_s": self.median_lag_s,
            "missed": self.missed,
            "stations": [{**vars(each), "lag_s": each.lag_s} for each in self.stations],
            "p50_ms": self.p50_ms,
            "times_ms": {stage: list(ms) for stage, ms in self.times_ms.items()},
        }


def results(
    test: str,
    placed: Mapping[str, Station],
    zones: Mapping[str, str],
    timing: Timing,
    records: Records,
) -> Results:
    """Draw up the results; `zones` names each device's zone."""
    stations = [
        _station(device_id, station, zones[device_id], timing, records)
        for device_id, station in placed.items()
    ]
    times = {stage: records.all_ms(stage) for stage in STAGES}
    return Results(test, timing.speed, stations, times)


def _station(
    device_id: str, station: Station, zone: str, timing: Timing, records: Records
) -> StationResult:
    ours = [alarm for alarm in records.alarms.values() if alarm.device_id == device_id]
    first = min(ours, key=lambda alarm: reading_of(alarm)[1], default=None)
    return StationResult(
        station=station.name,
        meter=station.meter,
        device_id=device_id,
        zone=zone,
        kind=KINDS.get(first.kind, "") if first else "",
        photo_alarm_s=station.photo_alarm_s,
        our_alarm_s=round(timing.fire_s(reading_of(first)[1]), 3) if first else None,
    )
