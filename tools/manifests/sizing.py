"""The sizing page: what a ward, a city and the country ask for, from the manifests and from what was measured.

Rates come from the runs in docs/bench-*.md, pods and requests from the overlays, bounds of streams from the code: a
page that no longer follows from them fails its test.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.broker import jetstream
from chassis.storage import object_store
from manifests.build import REPOSITORY, Manifest, build, nats_values

GIB = 2**30
# The ward of the benchmarks: detectors on the mains, each every ten seconds.
DEVICES = 2_500
INTERVAL_S = 10
# In a fire, or after an outage, so many times as much (docs/bench-ingest.md).
FLOOD = 10
# Looks at persons that a ward's officers and systems make in their busiest hour, a second. [own]
LOOKS = 5
# 90 days: the policy that migration 0006 of fire-safety enters.
KEPT_DAYS = 90
# A million readings of 2,500 devices in PostgreSQL 18 took 77 bytes a row and 62 for the key.
READING_BYTES = 77 + 62
# What the file system and the server need beside the tables.
DISK_MARGIN = 1.2
CITY_WARDS = 114
# Communes, wards and special zones since 1 July 2025.
COUNTRY_WARDS = 3_321
# Prices are assumptions to be replaced by those of the data centre, in đồng a month. [own]
CORE, MEMORY_GIB, DISK_GIB = 350_000, 90_000, 2_500

_PAGES = REPOSITORY / "docs"
_BEGIN, _END = "<!-- figures: make sizing -->\n", "<!-- end -->\n"
_UNITS = {"Mi": 2**20, "Gi": GIB, "Ti": 2**40, "m": 0.001, "": 1}


@dataclass(frozen=True)
class Rates:
    """What one core of the measured machine does a second, and what its one disk lets the broker store."""

    detector: float
    recorder: float
    broker: float
    looks: float


@dataclass(frozen=True)
class Demand:
    """What manifests ask a cluster for: cores, and memory and disk in bytes."""

    pods: int = 0
    cores: float = 0
    memory: float = 0
    disk: float = 0

    def __add__(self, other: "Demand") -> "Demand":
        """Add what other manifests ask for."""
        return Demand(
            self.pods + other.pods,
            self.cores + other.cores,
            self.memory + other.memory,
            self.disk + other.disk,
        )

    def __mul__(self, times: int) -> "Demand":
        """Ask for the same several times."""
        return Demand(
            self.pods * times, self.cores * times, self.memory * times, self.disk * times
        )

    @property
    def price(self) -> float:
        """Cost in đồng a month."""
        return self.cores * CORE + (self.memory * MEMORY_GIB + self.disk * DISK_GIB) / GIB


def measured(pages: Path = _PAGES) -> Rates:
    """Read the rates from the newest runs on the pages; raises LookupError where one is not found."""
    ingest = (pages / "bench-ingest.md").read_text()
    lookup = (pages / "bench-lookup.md").read_text()
    return Rates(
        detector=_figure(ingest, r"detector lane alone +[\d,]+ +([\d,]+)"),
        recorder=_figure(ingest, r"recorder lane alone +[\d,]+ +([\d,]+)"),
        broker=_figure(ingest, r"the stream stores +[\d,]+ +([\d,]+)"),
        looks=_figure(lookup, r"1,000,000 [\s\S]*? VerifyIdentity +64 +([\d,]+)"),
    )


def demand(place: str) -> Demand:
    """Add up what one ward asks for at a place: its services, its database and its broker."""
    manifests = build(place)
    scaled = {name: least for name, least in map(_least, manifests) if name}
    total = Demand()
    for manifest in manifests:
        total += _of_manifest(manifest, scaled)
    return total + _of_nats(*nats_values().values(), clustered=place.startswith("wards/"))


def readings_disk() -> float:
    """Tell how many bytes of disk a ward's readings need on each server of the database."""
    return DEVICES / INTERVAL_S * 86_400 * KEPT_DAYS * READING_BYTES * DISK_MARGIN


def streams_disk() -> float:
    """Tell how many bytes the streams of a ward may take on each server of the broker, all bounds together.

    The bucket of photos and files is one of them.
    """
    bounded = (*jetstream.STREAMS, jetstream.readings("11002"))
    streams = sum(max(stream.max_bytes or 0, 0) for stream in bounded)
    return float(streams + object_store.MOST_BYTES)


def amount(quantity: Any) -> float:  # noqa: ANN401 - as YAML has it
    """Read a quantity of Kubernetes: `250m` is 0.25, `1Gi` its bytes."""
    found = re.fullmatch(r"([\d.]+)(m|Mi|Gi|Ti)?", str(quantity))
    if found is None:
        raise ValueError(quantity)
    return float(found[1]) * _UNITS[found[2] or ""]


def figures() -> str:
    """Write the figures of the page."""
    rates = measured()
    own = DEVICES / INTERVAL_S
    box, ward = demand("overlays/ward"), demand("wards/11002")
    asked = (
        ("a ward on one machine", box),
        ("a ward of a city", ward),
        (f"a city of {CITY_WARDS} wards", ward * CITY_WARDS),
        (f"the country, {COUNTRY_WARDS:,} communes and wards", ward * COUNTRY_WARDS),
    )
    return "\n".join(
        [
            _load(own),
            "",
            *_table(
                (
                    "work of a ward",
                    "measured, a second",
                    "of it a ward needs",
                    f"in a flood, {FLOOD} times",
                ),
                (
                    ("detecting, one core", rates.detector, own),
                    ("recording, one core", rates.recorder, own),
                    ("storing in the stream, one disk", rates.broker, own),
                    ("looks at persons, one core", rates.looks, LOOKS),
                ),
            ),
            "",
            _disks(own),
            "",
            "| | pods | cores | memory, GiB | disk, TiB | million đồng a month |",
            "|---|--:|--:|--:|--:|--:|",
            *(
                f"| {name} | {one.pods:,} | {one.cores:,.1f} | {one.memory / GIB:,.1f}"
                f" | {one.disk / GIB / 1024:,.1f} | {one.price / 1e6:,.1f} |"
                for name, one in asked
            ),
            "",
        ]
    )


def written(page: str) -> str:
    """Give the page with its figures as they are now; raises ValueError for one without a place for them."""
    before, rest = page.split(_BEGIN)
    _, after = rest.split(_END)
    return f"{before}{_BEGIN}{figures()}{_END}{after}"


def run(page: Path | None) -> None:
    """Print the figures, or write them into the page."""
    if page is None:
        print(figures())
    else:
        page.write_text(written(page.read_text()))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, float, float]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        "|---|--:|--:|--:|",
        *(
            f"| {name} | {rate:,.0f} | {load / rate:.1%} | {load * FLOOD / rate:.0%} |"
            for name, rate, load in rows
        ),
    ]


def _load(readings: float) -> str:
    return (
        f"A ward: {DEVICES:,} detectors, one reading each {INTERVAL_S} s: {readings:,.0f} a second."
        f" Looks at persons: {LOOKS} a second in the busiest hour."
    )


def _disks(readings: float) -> str:
    return (
        f"Readings: {readings:,.0f}/s x {KEPT_DAYS} days x {READING_BYTES} bytes x {DISK_MARGIN} ="
        f" **{readings_disk() / GIB:,.0f} GiB** on each server of the database."
        f" Streams: **{streams_disk() / GIB:,.1f} GiB** at most on each server of the broker."
    )


def _figure(page: str, pattern: str) -> float:
    found = re.search(pattern, page)
    if found is None:
        raise LookupError(pattern)
    return float(found[1].replace(",", ""))


def _least(manifest: Manifest) -> tuple[str, int]:
    """Tell what an autoscaler keeps at least, by the name of the Deployment; an empty name for anything else."""
    spec = manifest.get("spec", {})
    least = spec.get("minReplicas", spec.get("minReplicaCount"))
    return (spec["scaleTargetRef"]["name"], least) if "scaleTargetRef" in spec else ("", 0)


def _of_manifest(manifest: Manifest, scaled: dict[str, int]) -> Demand:
    spec = manifest.get("spec", {})
    if manifest["kind"] == "Deployment":
        container = spec["template"]["spec"]["containers"][0]
        replicas: int = scaled.get(manifest["metadata"]["name"], spec["replicas"])
        return _pod(container["resources"]) * replicas
    if manifest["kind"] == "Cluster":
        disk = amount(spec["storage"]["size"]) + amount(spec["walStorage"]["size"])
        instances: int = spec["instances"]
        return _pod(spec["resources"], disk) * instances
    return Demand()


def _of_nats(values: Manifest, city: Manifest, *, clustered: bool) -> Demand:
    disk = amount(values["config"]["jetstream"]["fileStore"]["pvc"]["size"])
    replicas = city["config"]["cluster"]["replicas"] if clustered else 1
    return _pod(values["container"]["merge"]["resources"], disk) * int(replicas)


def _pod(resources: Manifest, disk: float = 0) -> Demand:
    requests = resources["requests"]
    return Demand(1, amount(requests["cpu"]), amount(requests["memory"]), disk)
