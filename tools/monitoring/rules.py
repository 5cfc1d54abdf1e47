"""Alert rules: each can be read, asks for what is declared, and has a test and a runbook page."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from monitoring.queries import faults_of
from monitoring.settings import PROMETHEUS

_SEVERITIES = frozenset({"page", "ticket", "none"})
# What an officer and an administrator find on each page.
_HEADINGS = ("## Cán bộ trực làm gì", "## For the administrator", "**Look**", "**Act**")


def faults_of_rules(prometheus: Path, repository: Path) -> Iterator[str]:
    """Tell in one line each what is wrong with the rules below a folder, their tests and their runbooks."""
    rules = [rule for file in _files(prometheus / "rules") for rule in _rules_of(_read(file))]
    recorded = frozenset(rule["record"] for rule in rules if "record" in rule)
    for rule in rules:
        name = rule.get("alert") or rule["record"]
        yield from (f"{name}: {fault}" for fault in faults_of(rule["expr"], recorded))
    alerts = [rule for rule in rules if "alert" in rule]
    tested = _fired_in(_read(file) for file in _files(prometheus / "tests"))
    pages = {file.stem for file in _files(repository / "docs" / "runbooks", "*.md")}
    names = [alert["alert"] for alert in alerts]
    yield from (f"{name}: there are two" for name in sorted(set(names)) if names.count(name) > 1)
    for alert in alerts:
        yield from (
            f"{alert['alert']}: {fault}" for fault in _faults_of(alert, tested, repository)
        )
    yield from (f"{page}: no alert has this runbook" for page in sorted(pages - set(names)))


def summaries(prometheus: Path = PROMETHEUS) -> Mapping[str, str]:
    """Give what each alert says to people in Vietnamese, by its name."""
    rules = (rule for file in _files(prometheus / "rules") for rule in _rules_of(_read(file)))
    return {rule["alert"]: rule["annotations"]["summary"] for rule in rules if "alert" in rule}


def _faults_of(
    alert: Mapping[str, Any], tested: frozenset[str], repository: Path
) -> Iterator[str]:
    name, told = alert["alert"], alert.get("annotations", {})
    if alert.get("labels", {}).get("severity") not in _SEVERITIES:
        yield f"severity is none of {sorted(_SEVERITIES)}"
    if not (told.get("summary") and told.get("description")):
        yield "summary or description is missing"
    if name not in tested:
        yield "no test makes it fire"
    page = f"docs/runbooks/{name}.md"
    if told.get("runbook_url") != page:
        yield f"runbook_url is not {page}"
    elif not (repository / page).is_file():
        yield f"{page} is missing"
    else:
        text = (repository / page).read_text()
        yield from (f"{page} lacks «{one}»" for one in _HEADINGS if one not in text)


def _fired_in(tests: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Give the names of alerts that some test expects to fire."""
    return frozenset(
        expected["alertname"]
        for file in tests
        for test in file["tests"]
        for expected in test["alert_rule_test"]
        if expected["exp_alerts"]
    )


def _rules_of(file: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for group in file["groups"]:
        yield from group["rules"]


def _files(folder: Path, pattern: str = "*.yml") -> list[Path]:
    return sorted(folder.glob(pattern))


def _read(file: Path) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return read
