"""Các lệnh của dịch vụ đăng ký cư trú · commands of the residency service."""

import argparse
from pathlib import Path

from chassis import lifecycle
from chassis.account import audit, console
from chassis.calendar import holidays
from chassis.command_line import whole_number
from chassis.settings import read_settings
from chassis.storage import parked
from chassis.telemetry import log
from residency import app, tables
from residency.app import commands
from residency.importer.residences import Wish
from residency.settings import Settings

# As long as records of access are kept at least.
_MOST_DAYS = 366


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="residency", description=__doc__)
    known = parser.add_subparsers(dest="command", required=True)
    known.add_parser("serve", help="phục vụ gRPC đến khi dừng · serve gRPC until stopped")
    known.add_parser(
        "migrate", help="cập nhật lược đồ dữ liệu · bring the tables to the present version"
    )
    importing = known.add_parser(
        "import",
        help="nạp phường giả lập do bộ mô phỏng tạo · load a synthetic ward made by the simulator",
    )
    importing.add_argument(
        "directory", type=Path, help="thư mục có manifest.json · the folder with the manifest"
    )
    console.add_operator(importing)
    _add_residences(known)
    exporting = known.add_parser(
        "export-statistics",
        help="thống kê cư dân theo tổ, hình thức, độ tuổi; không ghi số nhỏ"
        " · count residents by group, kind and age; no count is small",
    )
    exporting.add_argument(
        "file", type=Path, help="tệp để ghi, .csv hoặc .xlsx · what to write, .csv or .xlsx"
    )
    console.add_operator(exporting)
    keys = known.add_parser(
        "keys", help="đổi khóa của dữ liệu được niêm · change the key of what is stored sealed"
    )
    of_keys = keys.add_subparsers(dest="action", required=True)
    of_keys.add_parser(
        "rotate",
        help="niêm lại những gì khóa cũ đã niêm, khi dịch vụ vẫn chạy"
        " · seal anew what old keys sealed, while the service works",
    )
    decoys = known.add_parser(
        "decoys",
        help="người không có thật, để biết ai tra cứu · persons who do not exist, to notice who looks",
    )
    adding = decoys.add_subparsers(dest="action", required=True).add_parser(
        "add",
        help="thêm một người không ai có lý do tra cứu: chọn tên không cư dân nào có"
        " · add one that nobody has a reason to look at: choose a name that no resident has",
    )
    adding.add_argument("--name", required=True, help="họ và tên · full name")
    adding.add_argument(
        "--birth-date",
        required=True,
        help="ngày sinh: năm, năm-tháng hoặc năm-tháng-ngày · YYYY, YYYY-MM or YYYY-MM-DD",
    )
    adding.add_argument(
        "--sex",
        required=True,
        choices=["M", "F"],
        help="giới tính: M nam, F nữ · M male, F female",
    )
    duplicates = known.add_parser(
        "duplicates",
        help="người có thể được ghi hai lần trong sổ · persons who may be on the register twice",
    )
    finding = duplicates.add_subparsers(dest="action", required=True).add_parser(
        "find",
        help="so toàn bộ sổ; chạy lại thì làm tiếp từ chỗ dừng"
        " · compare the whole register; run again, it goes on where it was",
    )
    finding.add_argument(
        "--dry-run",
        action="store_true",
        help="chỉ cho biết có bao nhiêu mục mới · only tell how many are new",
    )
    auditing = audit.add_commands(known)
    anomalies = auditing.add_parser(
        "anomalies",
        help="cho biết điều bất thường trong cách tra cứu · tell what is odd in how callers look",
    )
    anomalies.add_argument(
        "--days",
        type=whole_number(1, _MOST_DAYS),
        default=7,
        help=f"trong bao nhiêu ngày qua, không quá {_MOST_DAYS} · how many days back, at most {_MOST_DAYS}",
    )
    console.add_operator(anomalies)
    parked.add_commands(known)
    holidays.add_commands(known)
    arguments = parser.parse_args()
    settings = read_settings(Settings)
    log.configure("residency", settings.log_level)
    match arguments.command:
        case "serve":
            lifecycle.run(app.serve(settings))
        case "holidays":
            lifecycle.run_command(holidays.run(arguments, settings, tables.decided_days))
        case "outbox":
            lifecycle.run_command(parked.run(arguments, settings, tables.outbox))
        case "audit" if arguments.action == "anomalies":
            lifecycle.run_command(
                commands.report_anomalies(settings, arguments.days, arguments.operator)
            )
        case "audit":
            lifecycle.run_command(audit.run(arguments, "residency", settings))
        case "migrate":
            lifecycle.run_command(commands.migrate(settings))
        case "import-residences":
            wish = Wish(
                file=arguments.file,
                report=arguments.report,
                reference=arguments.reference,
                dry_run=arguments.dry_run,
                accept_valid=arguments.accept_valid,
            )
            lifecycle.run_command(commands.import_residences(settings, wish, arguments.operator))
        case "export-statistics":
            lifecycle.run_command(
                commands.export_statistics(settings, arguments.file, arguments.operator)
            )
        case "decoys":
            lifecycle.run_command(
                commands.add_decoy(settings, arguments.name, arguments.birth_date, arguments.sex)
            )
        case "duplicates":
            lifecycle.run_command(commands.find_duplicates(settings, dry_run=arguments.dry_run))
        case "keys":
            lifecycle.run_command(commands.rotate_keys(settings))
        case _:
            lifecycle.run_command(
                commands.import_ward(settings, arguments.directory, arguments.operator)
            )


def _add_residences(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    importing = known.add_parser(
        "import-residences",
        help="nạp bảng cư trú, CSV (UTF-8) hoặc XLSX · enter a table of residences, CSV in UTF-8 or XLSX",
    )
    importing.add_argument(
        "file", type=Path, help="bảng; dòng 1 là tên cột · the table; row 1 holds the headings"
    )
    console.add_reference(
        importing,
        "số hồ sơ hoặc quyết định làm căn cứ nạp · the case or decision by which the rows are entered",
    )
    importing.add_argument(
        "--dry-run",
        action="store_true",
        help="chỉ xem kết quả, không nạp · only tell what would become of it",
    )
    importing.add_argument(
        "--accept-valid",
        action="store_true",
        help="nạp các dòng đúng dù dòng khác bị từ chối · enter valid rows although others are refused",
    )
    importing.add_argument(
        "--report",
        type=Path,
        help="ghi kết quả từng dòng vào tệp CSV này · where to write what became of each row, CSV",
    )
    console.add_operator(importing)


if __name__ == "__main__":
    main()
