"""Các lệnh của dịch vụ phòng cháy · commands of the fire-safety service."""

import argparse
from pathlib import Path

from chassis import lifecycle
from chassis.command_line import whole_number
from chassis.settings import read_settings
from chassis.storage import parked
from chassis.telemetry import log
from fire_safety import app, tables
from fire_safety.app import commands
from fire_safety.settings import Settings

# More than there will ever be, and what the broker and this program can count.
_MOST_MESSAGES = 10**18 - 1


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="fire_safety", description=__doc__)
    known = parser.add_subparsers(dest="command", required=True)
    known.add_parser(
        "serve", help="nhận số đo và phục vụ · take in readings and serve gRPC until stopped"
    )
    known.add_parser(
        "migrate", help="cập nhật lược đồ dữ liệu · bring the tables to the present version"
    )
    importing = known.add_parser(
        "import", help="nạp sổ cơ sở và thiết bị · load a register of premises and devices"
    )
    importing.add_argument(
        "directory", type=Path, help="thư mục có manifest.json · the folder with the manifest"
    )
    streams = known.add_parser(
        "streams", help="xem và chuyển luồng của bản trước · readings of an earlier version"
    )
    streams.add_argument(
        "--migrate",
        action="store_true",
        help="chuyển sang luồng của phường · move them to the ward's stream",
    )
    streams.add_argument(
        "--dry-run", action="store_true", help="chỉ xem · only tell, move nothing"
    )
    parked.add_commands(known)
    _add_dead_letter_commands(known)
    _add_device_commands(known)
    arguments = parser.parse_args()
    if arguments.command == "device-template":
        commands.device_template(arguments.file)
        return
    settings = read_settings(Settings)
    log.configure("fire_safety", settings.log_level)
    match arguments.command:
        case "serve":
            lifecycle.run(app.serve(settings))
        case "migrate":
            lifecycle.run_command(commands.migrate(settings))
        case "outbox":
            lifecycle.run_command(parked.run(arguments, settings, tables.outbox))
        case "streams":
            migrate = arguments.migrate and not arguments.dry_run
            lifecycle.run_command(commands.move_streams(settings, migrate=migrate))
        case "dead-letters" if arguments.action == "show":
            lifecycle.run_command(commands.show_dead_letter(settings, arguments.number))
        case "dead-letters":
            lifecycle.run_command(
                commands.list_dead_letters(settings, arguments.device, arguments.last)
            )
        case "import-devices":
            lifecycle.run_command(
                commands.import_devices(
                    settings,
                    arguments.file,
                    arguments.report,
                    dry_run=arguments.dry_run,
                    allowed_only=arguments.allowed_rows_only,
                )
            )
        case _:
            lifecycle.run_command(commands.import_ward(settings, arguments.directory))


def _add_dead_letter_commands(
    known: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    actions = known.add_parser(
        "dead-letters",
        help="bản tin của thiết bị bị từ chối · messages of devices that could not be read",
    ).add_subparsers(dest="action", required=True)
    listing = actions.add_parser(
        "list", help="số, lúc, thiết bị, lý do · number, time, device and reason of each"
    )
    listing.add_argument(
        "--device", default="", metavar="ID", help="chỉ của thiết bị này · of this device only"
    )
    listing.add_argument(
        "--last",
        type=whole_number(1, _MOST_MESSAGES),
        default=50,
        metavar="N",
        help="số bản tin mới nhất, mặc định 50 · so many of the newest, 50 if not given",
    )
    show = actions.add_parser("show", help="nội dung một bản tin · what one of them holds")
    show.add_argument(
        "number",
        type=whole_number(1, _MOST_MESSAGES),
        help="số trong danh sách · its number in the list",
    )


def _add_device_commands(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    importing = known.add_parser(
        "import-devices",
        help="nạp bảng thiết bị (CSV, XLSX) · enter a table of devices",
        description=_IMPORT_DEVICES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    importing.add_argument(
        "file", type=Path, help="bảng, CSV (UTF-8) hoặc XLSX · the table, CSV in UTF-8 or XLSX"
    )
    importing.add_argument(
        "--dry-run",
        action="store_true",
        help="chỉ xem, không nạp · tell what would happen, enter nothing",
    )
    importing.add_argument(
        "--allowed-rows-only",
        action="store_true",
        help="nạp các dòng đúng dù dòng khác bị từ chối · enter what is right",
    )
    importing.add_argument(
        "--report",
        type=Path,
        metavar="FILE.csv",
        help="ghi kết quả từng dòng · write what became of every row there",
    )
    template = known.add_parser(
        "device-template", help="tạo bảng thiết bị để điền · write a table of devices to fill in"
    )
    template.add_argument(
        "file",
        type=Path,
        help="tệp .xlsx hoặc .csv, chưa có · where to, .xlsx or .csv; what is there is left as it is",
    )


_IMPORT_DEVICES = """\
Nạp bảng thiết bị (CSV hoặc XLSX) vào sổ. Tạo tệp mẫu trước: device-template thiet-bi.xlsx
Enter a table of devices on the register. Make the table to fill in first: device-template devices.xlsx

Dòng 1 là tiêu đề cột, tiếng Việt hoặc tiếng Anh như trong tệp mẫu, thứ tự tùy ý. Hai cột bắt buộc: «Mã thiết bị» và
«Chu kỳ báo (giây)». Cột không có: giữ nguyên trong sổ; ô trống: xóa giá trị cũ. Còn dòng bị từ chối thì không ghi gì.

The first row holds the headings as the template has them, Vietnamese or English, in any order; two columns are
needed: device_id («Mã thiết bị») and interval_s («Chu kỳ báo (giây)»). A column that is not there leaves what the
register says; an empty cell empties it. Premises may be named by their code (CS-0042), zones by their id. Days are
written 2026-11-27 or 27/11/2026.

Nothing is entered while any row is refused, unless --allowed-rows-only is given. Entering the same table again
changes nothing. It ends with 0 if no row was refused, else with 1. It needs DATABASE_URL, as the service does.
"""


if __name__ == "__main__":
    main()
