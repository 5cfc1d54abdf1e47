"""What a service tells of itself at /metrics and the kernel at /proc."""

import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from stack.ports import LOOPBACK


@dataclass(frozen=True)
class Scrape:
    """The samples of one moment, by name and labels."""

    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]

    @classmethod
    def of(cls, port: int, *names: str) -> Self:
        """Read /metrics of the loopback port: all of them, or some."""
        chosen = urllib.parse.urlencode([("name[]", name) for name in names])
        address = f"http://{LOOPBACK}:{port}/metrics?{chosen}"
        with urllib.request.urlopen(address, timeout=30) as answer:
            families = text_string_to_metric_families(answer.read().decode())
        found = (sample for family in families for sample in family.samples)
        return cls({(one.name, frozenset(one.labels.items())): one.value for one in found})

    def value(self, name: str, **labels: str) -> float:
        """Tell one sample; 0 while there is none."""
        return self.samples.get((name, frozenset(labels.items())), 0.0)


def resident_mb(pid: int) -> float:
    """Tell how much memory a process occupies, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
