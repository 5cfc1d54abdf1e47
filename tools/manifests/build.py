"""Building what `kubectl apply -k` would send, with the kustomize of the kubectl in this environment."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "deploy" / "k8s"
# One box, and a ward of a city: what is applied for each.
PLACES = ("overlays/ward", "wards/11002")
# What is applied once a cluster.
CLUSTER = "monitoring"
NATS_VALUES = ("nats/values.yaml", "nats/city.yaml")


class BuildError(Exception):
    """Kustomize refused something: a field it does not know, a patch without a target."""


def build(place: str, folder: Path = FOLDER) -> list[Manifest]:
    """Build one place below the folder; raises BuildError."""
    kubectl = Path(sys.executable).parent / "kubectl"
    ended = subprocess.run(  # noqa: S603 - our own program and folder
        [kubectl, "kustomize", folder / place], capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise BuildError(f"{place}: {ended.stderr.strip()}")
    return [one for one in yaml.safe_load_all(ended.stdout) if one]


def nats_values(folder: Path = FOLDER) -> dict[str, Manifest]:
    """Read the values of the NATS chart: of one box, and what a city lays over them."""
    return {name: yaml.safe_load((folder / name).read_text()) for name in NATS_VALUES}
