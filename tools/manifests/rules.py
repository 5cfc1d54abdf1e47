"""The alert rules of deploy/prometheus as Prometheus Operator takes them: one source, generated."""

from pathlib import Path
from typing import Any

import yaml

from manifests.build import FOLDER, REPOSITORY

_SOURCE = REPOSITORY / "deploy" / "prometheus" / "rules"
_FILE = Path("monitoring", "rules.yaml")
_HEAD = "# Made of deploy/prometheus/rules: change them there, then `make rules`.\n"


def text() -> str:
    """Write the PrometheusRule that holds every group."""
    groups = [group for file in sorted(_SOURCE.glob("*.yml")) for group in _read(file)["groups"]]
    manifest = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "safe-digital-ward"},
        "spec": {"groups": groups},
    }
    return _HEAD + yaml.safe_dump(manifest, allow_unicode=True, sort_keys=False, width=120)


def write(folder: Path = FOLDER) -> None:
    """Write it where it is applied from."""
    (folder / _FILE).write_text(text())


def problems(folder: Path = FOLDER) -> list[str]:
    """Tell in a sentence if the file is not as it is generated."""
    file = folder / _FILE
    same = file.is_file() and file.read_text() == text()
    return [] if same else [f"{_FILE}: not as it is generated; run `make rules`"]


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(file.read_text())
    return read
