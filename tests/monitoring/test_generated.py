"""Dashboards as files: as they are generated, within Grafana's schema, and without a dead query."""

import shutil
from pathlib import Path

import pytest

from monitoring.generated import faults_of_dashboard, faults_of_dashboards, texts, write
from monitoring.settings import GRAFANA

NAME = "truc-ban.json"


def test_nothing_is_wrong_with_the_dashboards() -> None:
    """What `make lint` says."""
    assert list(faults_of_dashboards(GRAFANA / "dashboards")) == []


def test_what_was_changed_by_hand_is_told_and_written_anew(tmp_path: Path) -> None:
    """A file that is changed, missing, or there for no reason."""
    folder = tmp_path / "dashboards"
    shutil.copytree(GRAFANA / "dashboards", folder)
    (folder / NAME).write_text("{}")
    (folder / "cam-bien.json").unlink()
    (folder / "other.json").write_text("{}")

    told = [fault.partition(":")[0] for fault in faults_of_dashboards(folder)]
    write(folder)

    assert told == ["cam-bien.json", "other.json", NAME]
    assert list(faults_of_dashboards(folder)) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("ward_alarms_open", "ward_alarms_opened", "nobody declares ward_alarms_opened"),
        ("sum(ward_incidents_open", "sum((ward_incidents_open", "«Vụ việc đang mở»: "),
        ("alarms_open{ward=", "alarms_open{place=", "ward_alarms_open has no label place"),
        ("dashboards.open_alarms", "dashboards.alarms", "no migration makes dashboards.alarms"),
    ],
)
def test_a_dead_query_is_told(old: str, new: str, fault: str) -> None:
    """By the panel it is on."""
    text = texts()[NAME]
    assert old in text

    told = list(faults_of_dashboard(text.replace(old, new)))

    assert any(fault in one for one in told), told
