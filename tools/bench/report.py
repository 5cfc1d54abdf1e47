"""The figures for a person: what they were taken on, what was measured, and what was asked."""

from statistics import median

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench import goals
from bench.goals import Goal
from bench.ingest import WARD_READINGS_PER_SECOND, Flood, Results
from bench.latency import Latencies

_SETTING = """\
  Máy chủ, dịch vụ và bộ phát tải dùng chung các lõi này; NATS sync_interval: always; PostgreSQL fsync bật.
  Servers, service and load share these cores; NATS with sync_interval: always, PostgreSQL with fsync on."""


def show(console: Console, facts: dict[str, str], results: Results) -> None:
    """Print everything."""
    setting(console, facts)
    for one in (_rates(results), _small(results), _latencies(results), _floods(results)):
        console.print(one)
    console.print(goals_table(judged(results)))


def setting(console: Console, facts: dict[str, str]) -> None:
    """Print what the figures were taken on."""
    for name, fact in facts.items():
        console.print(f"  {name:<28} {fact}")
    console.print(_SETTING)


def judged(results: Results) -> list[tuple[Goal, float]]:
    """Tell each goal with what was measured."""
    floor = results.floor.percentile(0.99)
    ward, broker = results.ward_flood, results.broker_flood
    return [
        (goals.HEAP, results.batches.to_heap()),
        (goals.KEYED, results.batches.to_keyed()),
        (goals.SINGLES, results.singles.to_heap()),
        (goals.USUAL, results.batches.to_usual()),
        (goals.USUAL_SINGLES, results.singles.to_usual()),
        (goals.CONSUME, median(one.pull / one.fetch for one in results.small)),
        (goals.IDLE, results.idle.percentile(0.99) / floor),
        (goals.HALF, results.half.percentile(0.99) / floor),
        (goals.FLOOD, ward.alarms.percentile(0.99)),
        (goals.MEMORY, ward.memory_after / ward.memory_before),
        (goals.LOST, ward.lost + broker.lost),
    ]


def _rates(results: Results) -> Table:
    both = (results.batches, results.singles)
    shown = table(
        f"Số đo mỗi giây, trung vị {len(results.small)} lượt · readings a second, medians",
        ("50 một bản tin", "50 a message"),
        ("1 một bản tin", "1 a message"),
    )
    for name, columns in (
        ("COPY thô vào heap · raw COPY to a heap", [one.heap for one in both]),
        ("COPY thô có khóa · raw COPY with the key", [one.keyed for one in both]),
        ("luồng lưu · the stream stores", [[one.stream] for one in both]),
        ("làn ghi riêng · recorder lane alone", [one.recorder for one in both]),
        ("làn phát hiện riêng · detector lane alone", [one.detector for one in both]),
        ("hai làn, một tiến trình · both, one process", [one.both for one in both]),
        (
            "FastStream + SQLAlchemy, mỗi bản tin một giao dịch · the usual way",
            [one.usual for one in both],
        ),
    ):
        shown.add_row(name, *(f"{median(column):,.0f}" for column in columns))
    return shown


def _small(results: Results) -> Table:
    shown = table("Bản tin 100 B mỗi giây · messages of 100 B a second", ("", ""))
    for name, rates in (
        ("nats-py fetch(256)", [one.fetch for one in results.small]),
        ("chassis Pull", [one.pull for one in results.small]),
    ):
        shown.add_row(name, f"{median(rates):,.0f}")
    return shown


def _latencies(results: Results) -> Table:
    shown = table(
        "Báo động: phát số đo → sự kiện nhận được, ms · alarm: published → event received, ms",
        ("số lần", "number"),
        ("p50", ""),
        ("p99", ""),
        ("lâu nhất", "longest"),
    )
    floor = "sàn: 2 lần lưu luồng + 1 commit · floor: 2 stream acks + 1 commit"
    _add_latency(shown, floor, results.floor)
    _add_latency(shown, "rỗi · idle", results.idle)
    half, full = results.sustained / 2, results.sustained
    _add_latency(shown, f"tải · load 50 %: {half:,.0f}/s", results.half)
    _add_latency(shown, f"tải · load 100 %: {full:,.0f}/s", results.full)
    for flood in (results.ward_flood, results.broker_flood):
        _add_latency(shown, f"lũ · flood {flood.sent_per_second:,.0f}/s", flood.alarms)
    return shown


def _add_latency(shown: Table, name: str, one: Latencies) -> None:
    percentiles = (f"{one.percentile(share):.1f}" for share in (0.5, 0.99, 1))
    shown.add_row(name, str(len(one.seconds)), *percentiles)


def _floods(results: Results) -> Table:
    shown = table(
        "Lũ · floods",
        ("số đo/bản tin", "readings a message"),
        ("đã phát", "sent"),
        ("đã lưu", "stored"),
        ("báo động mất", "alarms lost"),
        ("MiB trước", "before"),
        ("MiB sau", "after"),
    )
    times = results.ward_flood.sent_per_second / WARD_READINGS_PER_SECOND
    ward = f"{times:.1f} lần mức của phường · {times:.1f} times the ward's own load"
    _add_flood(shown, ward, results.ward_flood)
    times = results.broker_flood.sent_per_second / results.sustained
    broker = f"hết mức luồng lưu được · all the stream stores ({times:.1f} x sustained)"
    _add_flood(shown, broker, results.broker_flood)
    return shown


def _add_flood(shown: Table, name: str, flood: Flood) -> None:
    shown.add_row(
        name,
        str(flood.per_message),
        f"{flood.sent:,}",
        f"{flood.stored:,}",
        str(flood.alarms.lost),
        f"{flood.memory_before:.0f}",
        f"{flood.memory_after:.0f}",
    )


def goals_table(told: list[tuple[Goal, float]]) -> Table:
    """Lay out each goal beside what was measured."""
    shown = table(
        "Mục tiêu · goals",
        ("đo được", "measured"),
        ("phải đạt", "must"),
        ("mức cao", "stretch"),
        ("", ""),
    )
    for goal, measured in told:
        sign = "≤" if goal.at_most else "≥"
        bounds = (f"{sign} {bound:g}" for bound in (goal.must, goal.stretch))
        name = f"{goal.vietnamese} · {goal.english}"
        shown.add_row(name, f"{measured:.2f}", *bounds, goal.verdict(measured))
    return shown


def table(title: str, *columns: tuple[str, str]) -> Table:
    """Begin a table, its columns named in both languages."""
    begun = Table(title=title, title_justify="left", box=SIMPLE)
    begun.add_column("")
    for vietnamese, english in columns:
        begun.add_column("\n".join(filter(None, (vietnamese, english))), justify="right")
    return begun
