"""How large a file of devices may be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bytes of the file, bytes of what an XLSX unfolds to, and rows below the headings."""

    file_bytes: int
    unfolded_bytes: int
    rows: int


OVER_THE_WIRE = Limits(file_bytes=3 * 2**20, unfolded_bytes=48 * 2**20, rows=5_000)
BY_COMMAND = Limits(file_bytes=32 * 2**20, unfolded_bytes=256 * 2**20, rows=100_000)
