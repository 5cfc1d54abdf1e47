"""What a person at the terminal reads while it burns, and the tables at the end."""

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.demo import wording
from simulator.demo.brief_text import brief_lines
from simulator.demo.building import Building
from simulator.demo.records import STAGES, Records, reading_of
from simulator.demo.replay import Timing
from simulator.demo.results import Results, StationResult
from simulator.demo.traces import Trace
from stack.progress import bilingual
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as incidents

STAGE_NAMES = {
    "durable": ("báo động lưu bền", "alarm durable"),
    "incident": ("vụ việc mở", "incident open"),
    "brief": ("hồ sơ đọc được qua HTTP", "brief readable"),
    "event": ("trực ban nhận sự kiện", "officer's event"),
}


class Story:
    """Tells one demo on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, vietnamese: str, english: str) -> None:
        """Print one line in both languages."""
        self._console.print(bilingual(vietnamese, english), soft_wrap=True)

    def begin(self, trace: Trace, building: Building, speed: float) -> None:
        """Say which fire burns where."""
        place = building.premises
        self._console.print()
        self._console.rule(f"Đám cháy thật {trace.test} · a real fire (NIST TN 1455-1)")
        self.say(
            f"{trace.length_s:.0f} giây cháy, phát nhanh gấp {speed:g}, qua {len(building.devices)} "
            f"đầu báo của {place.code} {place.name}",
            f"{trace.length_s:.0f} s of fire at {speed:g} times its speed",
        )

    def alarm(self, alarm: fire.Alarm, timing: Timing) -> None:
        """Say that a detector raised an alarm."""
        at = timing.fire_s(reading_of(alarm)[1])
        kind = wording.KINDS.get(alarm.kind, "")
        value = wording.measured(alarm.kind, alarm.value)
        limit = wording.measured(alarm.kind, alarm.threshold)
        self._console.print(
            f"[bold red]{at:5.0f} s[/] {escape(alarm.zone_name)} ({alarm.device_id}): "
            f"[bold]{kind} {value}[/] [dim]≥ {limit}[/]",
            soft_wrap=True,
        )

    def followed(self, alarm_id: str, records: Records) -> None:
        """Say how long the alarm took to each stage."""
        parts = [
            f"{STAGE_NAMES[stage][0]} {wording.number(ms, 1)} ms"
            for stage in STAGES
            if (ms := records.after_ms(alarm_id, stage)) is not None
        ]
        self._console.print(f"        [dim]→ {', '.join(parts)}[/]", soft_wrap=True)

    def airing(self) -> None:
        """Say why nothing happens for up to a minute or two."""
        self.say(
            "Chờ các đầu báo trở lại bình thường trong không khí sạch …",
            "waiting for the detectors to be normal in clean air",
        )

    def table(self, results: Results) -> None:
        """Print our alarms against the real ones, and the times on the way."""
        self._console.print(_stations_table(results.stations))
        lag = results.median_lag_s
        if lag is not None:
            self.say(
                f"Trung vị chênh lệch {wording.number(lag, 1)} s (âm là sớm hơn), "
                f"bỏ sót {len(results.missed)}",
                f"median lag {lag:+.1f} s (negative: earlier), missed {len(results.missed)}",
            )
        self._console.print(_times_table(results))

    def brief(self, brief: incidents.RescueBrief) -> None:
        """Print the rescue brief."""
        self._console.rule("Hồ sơ cứu nạn · rescue brief")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for heading, line in brief_lines(brief):
            grid.add_row(heading, escape(line))
        self._console.print(grid)


def _stations_table(stations: Sequence[StationResult]) -> Table:
    title = "Báo động, giây kể từ lúc cháy · alarms, seconds into the fire"
    table = Table("Trạm", "Đầu báo", title=title, title_justify="left", box=SIMPLE)
    for heading in ("Báo thật\nreal", "Của ta\nours", "Chênh lệch\nlag"):
        table.add_column(heading, justify="right")
    table.add_column("Bằng\nby")
    for each in stations:
        lag = f"{each.lag_s:+.0f}" if each.lag_s is not None else "-"
        table.add_row(
            each.station,
            escape(each.zone),
            _seconds(each.photo_alarm_s),
            _seconds(each.our_alarm_s),
            "[bold red]bỏ sót[/]" if each.missed else lag,
            each.kind,
        )
    return table


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _times_table(results: Results) -> Table:
    title = "Từ lúc gửi số đo, ms · after the reading was published, ms"
    table = Table("Đến", title=title, title_justify="left", box=SIMPLE)
    for heading in ("số lần", "p50", "lâu nhất"):
        table.add_column(heading, justify="right")
    for stage in STAGES:
        times = sorted(results.times_ms[stage])
        middle = wording.number(results.p50_ms[stage], 1) if times else "-"
        worst = wording.number(times[-1], 1) if times else "-"
        table.add_row(bilingual(*STAGE_NAMES[stage]), str(len(times)), middle, worst)
    return table
