"""Reading a dataset back, as the services' importers do."""

import csv
from pathlib import Path

from google.protobuf.json_format import Parse

from ward.fire_safety.v1 import fire_safety_pb2 as pb

Row = dict[str, str]


def rows(ward: Path, name: str) -> list[Row]:
    """Return the rows of a CSV file."""
    with (ward / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def premises(ward: Path) -> list[pb.Premises]:
    """Return the premises."""
    lines = (ward / "premises.jsonl").read_text(encoding="utf-8").splitlines()
    return [Parse(line, pb.Premises()) for line in lines]


def devices(ward: Path) -> list[pb.Device]:
    """Return the devices."""
    lines = (ward / "devices.jsonl").read_text(encoding="utf-8").splitlines()
    return [Parse(line, pb.Device()) for line in lines]
