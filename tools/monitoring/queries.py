"""Queries in PromQL and SQL: read without a server, and whether what they ask for is there."""

import re
from collections.abc import Iterator, Mapping

import promql_parser
from prometheus_client import REGISTRY

from chassis.telemetry import metrics
from monitoring.settings import REPOSITORY

# What Prometheus itself tells of every target, and what rules record.
_OF_PROMETHEUS = frozenset({"up", "ALERTS", "scrape_duration_seconds", "scrape_samples_scraped"})
_OF_EVERY_PROCESS = ("process_", "python_")
# What scraping adds to each series (deploy/prometheus/prometheus.yml), and the bound of a bucket.
_OF_EVERY_SERIES = frozenset({"ward", "job", "instance", "le"})
_VIEW = re.compile(r"\bdashboards\.\w+")
_MADE = re.compile(r"create (?:or replace )?view (dashboards\.\w+)", re.IGNORECASE)


def faults_of(query: str, recorded: frozenset[str] = frozenset()) -> Iterator[str]:
    """Tell what is wrong with a query: it cannot be read, or asks for a metric or a label that nobody declares."""
    try:
        selected = list(_selected(query))
    except ValueError as error:
        yield f"{error}: {query}"
        return
    declared = labels_by_metric()
    beside = recorded | _OF_PROMETHEUS
    for name, labels in sorted(selected):
        if name in beside or name.startswith(_OF_EVERY_PROCESS):
            continue
        if name not in declared:
            yield f"nobody declares {name}: {query}"
            continue
        for label in sorted(labels - declared[name] - _OF_EVERY_SERIES):
            yield f"{name} has no label {label}: {query}"


def faults_of_sql(query: str) -> Iterator[str]:
    """Tell which views a query in SQL asks for that no migration makes."""
    scripts = REPOSITORY.glob("services/*/migrations/versions/*.py")
    made = {view for script in scripts for view in _MADE.findall(script.read_text())}
    yield from (f"no migration makes {view}" for view in sorted({*_VIEW.findall(query)} - made))


def labels_by_metric() -> Mapping[str, frozenset[str]]:
    """Give the series that `chassis.telemetry.metrics` declares, by name, with their labels."""
    collectors = {one for one in vars(metrics).values() if hasattr(one, "describe")}
    return {
        name: frozenset(collector._labelnames)  # type: ignore[attr-defined]  # noqa: SLF001 - told nowhere else
        for name, collector in REGISTRY._names_to_collectors.items()  # noqa: SLF001 - names of series are told nowhere else
        if collector in collectors
    }


def asked_metrics(query: str) -> frozenset[str]:
    """Give the names of the metrics that a query asks for; raises ValueError if it cannot be read."""
    return frozenset(name for name, _ in _selected(query))


def _selected(query: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Give each selector's metric with the labels that it matches."""
    found: list[tuple[str, frozenset[str]]] = []

    def visit(one: promql_parser.Expr) -> bool:
        if isinstance(one, promql_parser.VectorSelector) and one.name:
            found.append((one.name, frozenset(match.name for match in one.matchers.matchers)))
        return True

    promql_parser.walk(promql_parser.parse(query), visit)
    return iter(found)
