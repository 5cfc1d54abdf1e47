"""Entering a table of residences, and telling row by row what became of it."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chassis.command_line import say, show_progress
from chassis.errors import FieldInvalidError
from chassis.rpc.grpc_errors import sentences
from chassis.sheet_files import TableRefusedError, check_report, read_table_file, write_file
from chassis.sheets import SheetInvalidError
from residency.domain.residence.rows import Fault, Outcome, Verdict
from residency.importer.residence_table import LIMITS, ResidenceTable
from residency.operations.residence_import import ResidenceImport, Step

_OUTCOMES = {
    Outcome.NEW: "mới / new",
    Outcome.UNCHANGED: "như cũ / unchanged",
    Outcome.REFUSED: "bị từ chối / refused",
}
_STEPS = {
    Step.JUDGED: "Đã xét dòng / rows judged",
    Step.COMPARED: "Đã tìm hồ sơ nghi trùng / searched for possible duplicates",
}
# From so many rows on it takes a while.
_LONG = 1000
_HEADINGS = ("row", "outcome", "column", "reason_vi", "reason_en")
# So many refused rows are told on the screen; the report has all.
_SHOWN = 20
_REMEDY = (
    "Sửa các dòng bị từ chối rồi chạy lại; --report FILE.csv cho danh sách đầy đủ.\n"
    "Correct the refused rows and run it again; --report FILE.csv lists all of them."
)


@dataclass(frozen=True)
class Wish:
    """What is asked of an import: the file, where the report goes, in which case, and how far it may go."""

    file: Path
    report: Path | None
    reference: str
    dry_run: bool
    accept_valid: bool


async def import_table(wish: Wish, table: ResidenceTable, operations: ResidenceImport) -> None:
    """Judge a table, enter it if it is meant, and tell; raises TableRefusedError if rows were refused."""
    name = wish.file.name
    try:
        rows = table.read(read_table_file(wish.file, LIMITS.file_bytes))
    except SheetInvalidError as error:
        problem, detail = error.problem, error.detail
        texts = (f"{name}: {text} {detail}".rstrip() for text in (problem.vi, problem.en))
        raise TableRefusedError("\n".join(texts)) from error
    say(f"{name}: đã đọc {len(rows)} dòng / rows read")
    if wish.report:
        check_report(wish.report, wish.file)
    verdicts, entered = await operations.enter(
        rows,
        dry_run=wish.dry_run,
        accept_valid=wish.accept_valid,
        progress=_tell_progress,
    )
    if wish.report:
        write_file(wish.report, report(verdicts))
        say(f"Báo cáo từng dòng / row-by-row report: {wish.report}")
    _tell(verdicts)
    say(_conclusion(verdicts, dry_run=wish.dry_run, entered=entered))
    if any(one.outcome is Outcome.REFUSED for one in verdicts):
        raise TableRefusedError(_REMEDY)


def report(verdicts: Sequence[Verdict]) -> bytes:
    """Write what became of each row as a CSV that Excel opens; it repeats nothing that a row holds."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(_HEADINGS)
    for verdict in verdicts:
        for fault in list(_faults(verdict)) or [Fault("", "", "")]:
            writer.writerow((verdict.number, verdict.outcome, *fault))
    return written.getvalue().encode("utf-8-sig")


def _faults(verdict: Verdict) -> Iterator[Fault]:
    yield from verdict.faults
    if refusal := verdict.refusal:
        vi, en = sentences(refusal)
        if isinstance(refusal, FieldInvalidError):
            yield Fault(
                refusal.metadata["field"], f"{vi} ({refusal.rule.vi})", f"{en} ({refusal.rule.en})"
            )
        else:
            yield Fault("", vi, en)


def _tell(verdicts: Sequence[Verdict]) -> None:
    refused = [one for one in verdicts if one.outcome is Outcome.REFUSED]
    for one in refused[:_SHOWN]:
        for fault in _faults(one):
            say(f"  dòng / row {one.number} · {fault.column or '-'}: {fault.vi} / {fault.en}")
    if len(refused) > _SHOWN:
        say(f"  … và {len(refused) - _SHOWN} dòng nữa / and more rows")
    counts = Counter(one.outcome for one in verdicts)
    say(" · ".join(f"{counts[outcome]} {name}" for outcome, name in _OUTCOMES.items()))


def _conclusion(verdicts: Sequence[Verdict], *, dry_run: bool, entered: bool) -> str:
    if dry_run:
        return "Chạy thử: không ghi gì vào sổ / dry run: nothing was entered"
    if entered and any(one.outcome is Outcome.NEW for one in verdicts):
        return "Đã ghi vào sổ cư trú / entered on the register"
    if entered:
        return "Không có gì mới để ghi / nothing was entered, since nothing was new"
    return "Không ghi gì vì còn dòng bị từ chối / nothing was entered, since rows were refused"


def _tell_progress(step: Step, done: int, of: int) -> None:
    """Tell on a screen how far a step is, and elsewhere each tenth of a long one."""
    told = f"{_STEPS[step]}: {done}/{of}"
    is_seen = show_progress(told, ended=done == of)
    if not is_seen and _is_long(step, of) and done * 10 // of > (done - 1) * 10 // of:
        say(told)


def _is_long(step: Step, of: int) -> bool:
    return step is Step.COMPARED or of > _LONG
