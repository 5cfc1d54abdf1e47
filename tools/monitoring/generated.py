"""The dashboards as files: written, and compared with what is committed."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards import all_dashboards
from monitoring.queries import faults_of, faults_of_sql
from monitoring.schema import faults_of_schema


def texts() -> Mapping[str, str]:
    """Write all dashboards as JSON, by the name of their file."""
    return {name: _written(one) for name, one in all_dashboards().items()}


def write(folder: Path) -> None:
    """Write them into a folder, and nothing else stays there."""
    for file in folder.glob("*.json"):
        file.unlink()
    for name, text in texts().items():
        (folder / name).write_text(text)


def faults_of_dashboards(folder: Path) -> Iterator[str]:
    """Tell in one line each which file is not as it is generated, what it holds beyond the schema, or a wrong query."""
    made = texts()
    for name in sorted({*made, *(file.name for file in folder.glob("*.json"))}):
        file = folder / name
        if not file.is_file() or file.read_text() != made.get(name):
            yield f"{name}: not as it is generated; run `make dashboards`"
    for name, text in made.items():
        yield from (f"{name}: {fault}" for fault in faults_of_dashboard(text))


def faults_of_dashboard(text: str) -> Iterator[str]:
    """Tell in one line each what is wrong with one dashboard, given as JSON."""
    read = json.loads(text)
    yield from faults_of_schema(read)
    for title, query in promql_of(read):
        plain = query.replace("$__rate_interval", "1m")
        yield from (f"«{title}»: {fault}" for fault in faults_of(plain))
    for title, target in targets_of(read):
        yield from (f"«{title}»: {fault}" for fault in faults_of_sql(target.get("rawSql", "")))


def promql_of(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give the queries in PromQL of a dashboard, each with the title of its panel."""
    return ((title, str(one["expr"])) for title, one in targets_of(dashboard) if "expr" in one)


def targets_of(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give all queries of a dashboard, each with the title of its panel."""
    for panel in dashboard["panels"]:
        yield from ((panel["title"], target) for target in panel["targets"])


def _written(one: Dashboard) -> str:
    return json.dumps(one, cls=JSONEncoder, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
