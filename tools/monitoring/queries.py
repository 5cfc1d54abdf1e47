"""Queries in PromQL: read without a server, and which metrics they ask for."""

from collections.abc import Iterator

import promql_parser
from prometheus_client import REGISTRY

from chassis import metrics

# What Prometheus itself tells of every target, and what rules record.
_OF_PROMETHEUS = frozenset({"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped"})
_OF_EVERY_PROCESS = ("process_", "python_")


def faults_of(query: str, recorded: frozenset[str] = frozenset()) -> Iterator[str]:
    """Tell what is wrong with a query: it cannot be read, or asks for a metric that nobody declares."""
    try:
        asked = asked_metrics(query)
    except ValueError as error:
        yield f"{error}: {query}"
        return
    known = declared() | recorded | _OF_PROMETHEUS
    for name in sorted(asked - known):
        if not name.startswith(_OF_EVERY_PROCESS):
            yield f"nobody declares {name}: {query}"


def declared() -> frozenset[str]:
    """Give the names of all series that `chassis.metrics` declares."""
    collectors = {one for one in vars(metrics).values() if hasattr(one, "describe")}
    return frozenset(
        name
        for name, collector in REGISTRY._names_to_collectors.items()  # noqa: SLF001 - names of series are told nowhere else
        if collector in collectors
    )


def asked_metrics(query: str) -> frozenset[str]:
    """Give the names of the metrics that a query asks for; raises ValueError if it cannot be read."""
    found: list[str] = []

    def visit(one: promql_parser.Expr) -> bool:
        if isinstance(one, promql_parser.VectorSelector) and one.name:
            found.append(one.name)
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return frozenset(found)
