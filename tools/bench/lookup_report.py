"""The figures of looks for a person: what was measured, and what was asked."""

from statistics import median

from rich.console import Console
from rich.table import Table

from bench import goals
from bench.goals import Goal
from bench.lookup import MANY, MANY_IN_FLIGHT, OfSize, Results, What
from bench.report import goals_table, setting, table

_NAMES = {
    What.ECHO: "echo grpc.aio trần · bare grpc.aio echo",
    What.ECHO_COMMIT_SELECT: "echo + commit + select",
    What.EMPTY: "lời gọi rỗng đến dịch vụ, có TLS · an empty call to the service, with TLS",
    What.BY_REQUEST: "asyncpg, mỗi lượt một giao dịch · asyncpg, a transaction by request",
    What.BY_REQUEST_IN_CHAIN: "như vậy, có TLS, thẻ và chuỗi · the same with TLS, token and chain",
    What.VERIFY: "VerifyIdentity",
    What.VERIFY_MANY: f"VerifyIdentities({MANY})",
    What.OCCUPANCY: "GetOccupancy",
    What.SEARCH: "SearchPersons",
}


def show(console: Console, facts: dict[str, str], results: Results) -> None:
    """Print everything."""
    setting(console, facts)
    for one in results.each:
        console.print(_looks(one))
    console.print(
        f"  bản ghi phải có · records due {results.answers:,}; có · there are {results.records:,};"
        f" chuỗi · chain: {'nguyên vẹn · holds' if results.chain_holds else 'ĐỨT · BROKEN'}"
    )
    console.print(goals_table(judged(results)))


def judged(results: Results) -> list[tuple[Goal, float]]:
    """Tell each goal with the worse figure of the register's sizes."""
    each, most = results.each, results.sizes.most
    many = (one.ratio(What.VERIFY_MANY, What.ECHO, MANY_IN_FLIGHT, most) for one in each)
    unaccounted = abs(results.answers - results.records) + (not results.chain_holds)
    return [
        (goals.LOOK, min(one.ratio(What.VERIFY, What.ECHO, most) for one in each)),
        (goals.BY_REQUEST, min(one.ratio(What.VERIFY, What.BY_REQUEST, most) for one in each)),
        (
            goals.BY_REQUEST_IN_CHAIN,
            min(one.ratio(What.VERIFY, What.BY_REQUEST_IN_CHAIN, most) for one in each),
        ),
        (goals.ALONE, max(one.alone() for one in each)),
        (goals.MANY, min(many)),
        (goals.UNACCOUNTED, unaccounted),
    ]


def _looks(found: OfSize) -> Table:
    shown = table(
        f"{found.persons:,} người · persons",
        ("lượt cùng lúc", "in flight"),
        ("mỗi giây", "a second"),
        ("p50 ms", ""),
        ("p99 ms", ""),
        ("so với echo", "to echo"),
    )
    for (what, in_flight), rounds in sorted(found.measured.items()):
        most = max(number for one, number in found.measured if one is What.ECHO)
        beside = in_flight if (What.ECHO, in_flight) in found.measured else most
        if what is What.VERIFY_MANY:
            beside = most
        p50, p99 = (
            median(figures) for figures in zip(*((r.p50, r.p99) for r in rounds), strict=True)
        )
        ratio = found.ratio(what, What.ECHO, in_flight, beside)
        figures = (f"{found.rate(what, in_flight):,.0f}", f"{p50:.2f}", f"{p99:.2f}")
        shown.add_row(_NAMES[what], str(in_flight), *figures, f"{ratio:.2f}")
    return shown
