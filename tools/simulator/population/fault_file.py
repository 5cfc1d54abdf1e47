"""A file that says how the population database fails, so that it can be changed while it serves."""

from dataclasses import dataclass
from pathlib import Path

from simulator.population.server import Fault


@dataclass(frozen=True)
class FaultFile:
    """One word in a file; no file is no fault."""

    path: Path

    def read(self) -> Fault:
        """Tell the fault; raises ValueError if the word is none."""
        try:
            return Fault(self.path.read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return Fault.NONE

    def write(self, fault: Fault) -> None:
        """Say the fault; whoever reads meanwhile reads this one or the one before, whole."""
        prepared = self.path.with_suffix(".new")
        prepared.write_text(f"{fault}\n", encoding="utf-8")
        prepared.replace(self.path)
