"""Các lệnh của dịch vụ sự cố · commands of the incidents service."""

import argparse
from uuid import UUID

from chassis import lifecycle
from chassis.account import audit
from chassis.calendar import holidays
from chassis.settings import read_settings
from chassis.storage import parked
from chassis.telemetry import log
from incidents import app, tables
from incidents.app import commands
from incidents.settings import Settings


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="incidents", description=__doc__)
    known = parser.add_subparsers(dest="command", required=True)
    known.add_parser("serve", help="phục vụ gRPC đến khi dừng · serve gRPC until stopped")
    known.add_parser(
        "migrate", help="cập nhật lược đồ dữ liệu · bring the tables to the present version"
    )
    audit.add_commands(known)
    parked.add_commands(known)
    holidays.add_commands(known)
    _add_webhooks(known)
    arguments = parser.parse_args()
    settings = read_settings(Settings)
    log.configure("incidents", settings.log_level)
    match arguments.command:
        case "serve":
            lifecycle.run(app.serve(settings))
        case "holidays":
            lifecycle.run_command(holidays.run(arguments, settings, tables.decided_days))
        case "outbox":
            lifecycle.run_command(parked.run(arguments, settings, tables.outbox))
        case "webhooks" if arguments.action == "list":
            lifecycle.run_command(commands.tell_dead_deliveries(settings))
        case "webhooks":
            lifecycle.run_command(commands.retry_dead_deliveries(settings, arguments.delivery_ids))
        case "audit":
            lifecycle.run_command(audit.run(arguments, "incidents", settings))
        case _:
            lifecycle.run_command(commands.migrate(settings))


def _add_webhooks(known: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions = known.add_parser(
        "webhooks", help="các lần gửi đã thôi không gửi nữa · deliveries that were given up"
    ).add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="liệt kê · tell of them")
    retry = actions.add_parser("retry", help="gửi lại · have them sent again")
    retry.add_argument(
        "delivery_ids",
        nargs="*",
        type=UUID,
        metavar="DELIVERY_ID",
        help="chỉ các mục này · only these, not all",
    )


if __name__ == "__main__":
    main()
