"""The tables, in both languages, and the page that keeps them with what they can and cannot prove."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evaluation.evaluation import INTERVALS_S, Evaluation
from evaluation.scoring import FireScore, NuisanceScore
from evaluation.traces import Label

_HEADINGS = {
    Label.COOKING: "nấu ăn\ncooking",
    Label.STEAM: "hơi nước\nsteam",
    Label.DUST: "bụi\ndust",
    Label.CLEAN: "không khí sạch\nclean air",
}


def print_tables(
    console: Console, evaluations: Sequence[Evaluation], left_out: Sequence[str]
) -> None:
    """Print the fires and the nuisances for each interval."""
    for interval_s in INTERVALS_S:
        some = [one for one in evaluations if one.interval_s == interval_s]
        console.rule(f"Một số đo mỗi {interval_s} s · a reading every {interval_s} s")
        console.print("\nĐám cháy thật (NIST TN 1455-1) · real fires")
        console.print(_fires(some))
        for one in some:
            if one.fires.missed:
                console.print(f"bỏ sót · missed by {one.profile}: {', '.join(one.fires.missed)}")
        console.print(
            "\nTỔNG HỢP, không phải số đo thật: vệt có báo động giả (số báo động) + chỉ tiền báo động\n"
            "SYNTHETIC, nobody measured these: traces with a false alarm (alarms) + with a pre-alarm only"
        )
        console.print(_nuisances(some))
    names = ", ".join(left_out)
    console.print(f"\nKhông đo được bằng dữ liệu này · not judged by these data: {names}")


def _fires(evaluations: Sequence[Evaluation]) -> Table:
    table = Table("Cấu hình\nprofile")
    for heading in (
        "báo động\ndetected",
        "bỏ sót\nmissed",
        "không muộn\nnot later",
        "trễ trung vị\nmedian lag s",
        "sớm nhất\nearliest s",
        "muộn nhất\nlatest s",
        "tiền báo động\npre-alarmed",
    ):
        table.add_column(heading, justify="right")
    for one in evaluations:
        table.add_row(one.profile, *_fire_row(one.fires))
    return table


def _fire_row(score: FireScore) -> list[str]:
    of = f"/{score.fires}"
    lags = sorted(score.lags_s)
    return [
        f"{score.detected}{of}",
        f"{len(score.missed)}{of}",
        f"{score.not_later}{of}",
        _lag(score.median_lag_s),
        _lag(lags[0] if lags else None),
        _lag(lags[-1] if lags else None),
        f"{score.pre_alarmed}{of}",
    ]


def _nuisances(evaluations: Sequence[Evaluation]) -> Table:
    table = Table("Cấu hình\nprofile")
    for heading in _HEADINGS.values():
        table.add_column(f"{heading}\nSYNTHETIC", justify="right")
    for one in evaluations:
        table.add_row(one.profile, *(_cell(one.nuisances[label]) for label in _HEADINGS))
    return table


def _cell(score: NuisanceScore) -> str:
    return f"{score.alarmed}/{score.traces} ({score.alarms}) + {score.pre_alarmed_only}"


def _lag(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:+.0f}"


def page(tables: str, seeds: range) -> str:
    """Write the page around what was printed."""
    text = (Path(__file__).parent / "page.md").read_text(encoding="utf-8")
    return text.format(tables=tables.rstrip(), traces=len(seeds))
