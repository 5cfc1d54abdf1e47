"""Alert rules: each fires when it should, and none is without test, runbook or metric."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from monitoring.programs import program
from monitoring.rules import faults_of_rules
from monitoring.settings import PROMETHEUS, REPOSITORY

RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))


def promtool(*arguments: str | Path) -> str:
    """Run promtool, which must find nothing wrong; tell what it says."""
    done = subprocess.run(  # noqa: S603 - our own files
        [program("promtool"), *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.prometheus
def test_every_rule_and_the_configuration_is_one_that_prometheus_takes() -> None:
    """By its own tool."""
    promtool("check", "rules", *RULES)
    promtool("check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.prometheus
def test_every_alert_fires_when_it_should_and_is_silent_beside_that() -> None:
    """As the tests beside the rules say, run by promtool."""
    assert promtool("test", "rules", *TESTS).count("SUCCESS") == len(RULES)


def test_nothing_is_wrong_with_the_rules() -> None:
    """What `make lint` says."""
    assert list(faults_of_rules(PROMETHEUS, REPOSITORY)) == []


def test_the_example_for_alertmanager_tells_somebody_of_every_alert() -> None:
    """Who is called now hears of each page, and the dead man's switch goes outside each minute."""
    told = yaml.safe_load((PROMETHEUS / "alertmanager.yml").read_text())
    receivers = {one["name"] for one in told["receivers"]}
    switch, page = told["route"]["routes"]

    assert receivers == {told["route"]["receiver"], switch["receiver"], page["receiver"]}
    assert switch["matchers"] == ["alertname = DeadMansSwitch"]
    assert switch["repeat_interval"] == switch["group_interval"] == "1m"
    assert page["matchers"] == ["severity = page"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy rules and runbooks, to spoil them."""
    shutil.copytree(PROMETHEUS, tmp_path / "deploy" / "prometheus")
    shutil.copytree(REPOSITORY / "docs" / "runbooks", tmp_path / "docs" / "runbooks")
    return tmp_path


def _without_runbook(copy: Path) -> None:
    (copy / "docs/runbooks/ServiceDown.md").unlink()


def _without_what_to_do(copy: Path) -> None:
    page = copy / "docs/runbooks/ServiceDown.md"
    page.write_text(page.read_text().replace("**Act**", ""))


def _in_a_rule(old: str, new: str) -> Callable[[Path], None]:
    return _in_the_file("rules", old, new)


def _in_the_file(folder: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(copy: Path) -> None:
        file = copy / "deploy/prometheus" / folder / "platform.yml"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_without_runbook, "ServiceDown: docs/runbooks/ServiceDown.md is missing"),
        (_without_what_to_do, "ServiceDown: docs/runbooks/ServiceDown.md lacks «**Act**»"),
        (_in_a_rule("alert: ServiceDown", "alert: Gone"), "Gone: no test makes it fire"),
        (_in_the_file("tests", "alertname: ServiceDown", "alertname: X"), "no test makes it fire"),
        (_in_a_rule("ward_outbox_parked", "ward_outbox_lost"), "nobody declares ward_outbox_lost"),
        (_in_a_rule("expr: 'up == 0'", "expr: 'up =='"), "ServiceDown: "),
        (_in_a_rule("severity: page", "severity: urgent"), "severity is none of"),
        (_in_a_rule("docs/runbooks/ServiceDown.md", "docs/x.md"), "runbook_url is not"),
    ],
)
def test_what_is_wrong_is_told(copy: Path, spoil: Callable[[Path], None], fault: str) -> None:
    """An alert without runbook, without test, or by a metric that nobody declares."""
    spoil(copy)

    faults = list(faults_of_rules(copy / "deploy/prometheus", copy))

    assert any(fault in one for one in faults), faults
