"""Entering a table of devices, and telling row by row what became of it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from chassis.command_line import say, show_progress
from chassis.sheet_files import TableRefusedError, check_report, read_table_file, write_file
from fire_safety.domain.devices.registration import Outcome, Verdict
from fire_safety.operations.devices import ImportOperations
from fire_safety.wire.device_tables.limits import BY_COMMAND
from fire_safety.wire.device_tables.problems import DeviceFileInvalidError
from fire_safety.wire.device_tables.report import report
from fire_safety.wire.device_tables.rows import read_table
from fire_safety.wire.device_tables.template import csv_template, xlsx_template

_OUTCOMES = {
    Outcome.NEW: "mới / new",
    Outcome.CHANGED: "thay đổi / changed",
    Outcome.UNCHANGED: "như cũ / unchanged",
    Outcome.REFUSED: "bị từ chối / refused",
}
# So many refused rows are told on the screen; the report has all.
_SHOWN = 20


async def import_table(
    operations: ImportOperations,
    file: Path,
    report_file: Path | None,
    *,
    dry_run: bool,
    allowed_only: bool,
) -> None:
    """Judge a table of devices, enter it if it is meant, and tell; raises TableRefusedError if rows were refused."""
    try:
        entries = read_table(read_table_file(file, BY_COMMAND.file_bytes), BY_COMMAND)
    except DeviceFileInvalidError as error:
        problem, detail = error.problem, error.detail
        raise TableRefusedError(
            f"{file.name}: {problem.vi} {detail}\n{file.name}: {problem.en} {detail}".rstrip()
        ) from error
    say(f"{file.name}: đã đọc {len(entries)} dòng / rows read")
    if report_file:
        check_report(report_file, file)
    verdicts, entered = await operations.enter(
        entries, dry_run=dry_run, allowed_only=allowed_only, progress=_tell_progress
    )
    if report_file:
        write_file(report_file, report(verdicts))
    _tell(verdicts)
    refused = any(one.refusals for one in verdicts)
    changed = any(one.changes for one in verdicts)
    say(_conclusion(dry_run=dry_run, entered=entered, changed=changed))
    if report_file:
        say(f"Báo cáo từng dòng / row-by-row report: {report_file}")
    if refused:
        raise TableRefusedError(_REMEDY if not report_file else _REMEDY_IN_REPORT)


def write_template(file: Path) -> None:
    """Write the table to fill in, as the file's name asks for; raises TableRefusedError where a file is there already.

    Whoever gives the command again has filled it in meanwhile.
    """
    templates = {".xlsx": xlsx_template, ".csv": csv_template}
    if (make := templates.get(file.suffix.lower())) is None:
        raise TableRefusedError(f"{file}: {_TEMPLATE_NAMES}")
    write_file(file, make(), anew=True)
    say(f"Tệp mẫu / template: {file}")


_TEMPLATE_NAMES = (
    "tên tệp phải kết thúc bằng .xlsx hoặc .csv / the name must end with .xlsx or .csv"
)


def _tell(verdicts: Sequence[Verdict]) -> None:
    refused = [one for one in verdicts if one.refusals]
    for one in refused[:_SHOWN]:
        for name, fault in one.refusals:
            where = f"dòng / row {one.entry.number} · {one.entry.device_id[:64]!a} · {name}"
            say(f"  {where}: {fault.vi} / {fault.en}")
    if len(refused) > _SHOWN:
        say(f"  … và {len(refused) - _SHOWN} dòng nữa / and more rows")
    counts = Counter(one.outcome for one in verdicts)
    say(" · ".join(f"{counts[outcome]} {name}" for outcome, name in _OUTCOMES.items()))


def _conclusion(*, dry_run: bool, entered: bool, changed: bool) -> str:
    if dry_run:
        return "Chạy thử: không ghi gì vào sổ / dry run: nothing was entered"
    if entered and not changed:
        return "Sổ thiết bị giữ nguyên / the register stays as it is"
    if entered:
        return "Đã ghi vào sổ thiết bị / entered on the register"
    return "Không ghi gì vì còn dòng bị từ chối / nothing was entered, since rows were refused"


_REMEDY = (
    "Sửa các dòng bị từ chối rồi chạy lại; --report FILE.csv cho danh sách đầy đủ.\n"
    "Correct the refused rows and run it again; --report FILE.csv lists all of them."
)
_REMEDY_IN_REPORT = (
    "Sửa các dòng bị từ chối (xem báo cáo) rồi chạy lại.\n"
    "Correct the refused rows (see the report) and run it again."
)


def _tell_progress(done: int, of: int) -> None:
    show_progress(f"{done}/{of}", ended=done == of)
