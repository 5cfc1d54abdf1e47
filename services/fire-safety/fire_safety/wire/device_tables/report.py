"""The report of an import: a CSV that Excel opens, one line for each row, or for each fault of a row."""

import csv
import io
from collections.abc import Iterator, Sequence

from fire_safety.domain.devices.registration import Verdict

_HEADINGS = ("row", "device_id", "outcome", "field", "reason_vi", "reason_en")
# What a table program takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def report(verdicts: Sequence[Verdict]) -> bytes:
    """Write the report in UTF-8 with the mark by which Excel knows it."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(_HEADINGS)
    for verdict in verdicts:
        writer.writerows([_harmless(str(cell)) for cell in line] for line in _lines(verdict))
    return written.getvalue().encode("utf-8-sig")


def _lines(verdict: Verdict) -> Iterator[tuple[object, ...]]:
    entry = verdict.entry
    known = (entry.number, entry.device_id, verdict.outcome)
    if not verdict.refusals:
        yield (*known, "", "", "")
    for name, fault in verdict.refusals:
        yield (*known, name, fault.vi, fault.en)


def _harmless(cell: str) -> str:
    """Keep what came from a file from being run as a formula."""
    printable = "".join(one if one.isprintable() else " " for one in cell)
    return f"'{printable}" if cell.startswith(_FORMULA) else printable
