"""The command line: `python -m stack up`, `status`, `token`, `secrets`, `reset`, `backup`, `restore`."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from stack import commands
from stack.errors import StackError
from stack.issuer import Role
from stack.settings import Ports, Settings

DESCRIPTION = (
    "Chạy cả hệ thống trên một máy: PostgreSQL, NATS và mọi dịch vụ, không cần Docker hay root. "
    "Run the whole platform on one machine, without Docker or root."
)
EPILOG = (
    "Mỗi cổng đổi được bằng biến môi trường, ví dụ STACK_GATEWAY_PORT=8081; tên đầy đủ: "
    f"{', '.join(f'STACK_{name.upper()}' for name in Ports.model_fields)}. "
    "Each port can be set by the environment variable of that name."
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; a StackError becomes its sentence."""
    try:
        return _run(_parser(Settings()).parse_args(arguments))
    except StackError as error:
        print(error, file=sys.stderr)
        return 1


def _run(given: argparse.Namespace) -> int:
    run_dir: Path = given.run_dir.absolute()
    chosen: Callable[[], int] = {
        "up": lambda: asyncio.run(
            commands.up(run_dir, _ports(given), given.residents, fleet=given.fleet)
        ),
        "token": lambda: commands.token(run_dir, Role(given.role), given.account),
        "status": lambda: commands.status(run_dir),
        "secrets": lambda: commands.secrets(run_dir),
        "reset": lambda: commands.reset(run_dir),
        "backup": lambda: commands.back_up(
            run_dir, given.folder.absolute(), compose=given.compose
        ),
        "restore": lambda: commands.restore(
            run_dir, given.folder.absolute(), compose=given.compose
        ),
    }[given.command]
    return chosen()


def _ports(given: argparse.Namespace) -> Ports:
    return Ports() if given.port_base is None else Ports.from_base(given.port_base)


def _parser(settings: Settings) -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--run-dir",
        type=Path,
        default=settings.run_dir,
        help="nơi giữ dữ liệu, nhật ký, khoá · where data, logs and keys are kept (%(default)s)",
    )
    parser = argparse.ArgumentParser(prog="python -m stack", description=DESCRIPTION)
    commands_ = parser.add_subparsers(
        dest="command", required=True, metavar="up|status|token|secrets|reset|backup|restore"
    )
    up = commands_.add_parser(
        "up", parents=[common], help="chạy · start everything", epilog=EPILOG
    )
    _add_up_options(up, settings)
    commands_.add_parser("status", parents=[common], help="xem trạng thái · what answers")
    token = commands_.add_parser("token", parents=[common], help="in mã đăng nhập · print a token")
    token.add_argument("role", choices=[str(role) for role in Role], help="vai trò · role")
    token.add_argument(
        "--account", default="", help="tài khoản khác · another account than the role's own"
    )
    commands_.add_parser(
        "secrets",
        parents=[common],
        help="khoá và cấu hình cho docker compose · keys and configuration for docker compose",
    )
    commands_.add_parser("reset", parents=[common], help="xoá dữ liệu · delete the data")
    for name, told in (
        ("backup", "sao lưu khi đang chạy · copy what runs"),
        ("restore", "phục hồi từ bản sao lưu · make the data from a backup"),
    ):
        copying = commands_.add_parser(name, parents=[common], help=told)
        copying.add_argument("folder", type=Path, help="thư mục bản sao lưu · the backup's folder")
        copying.add_argument(
            "--compose",
            action="store_true",
            help="dữ liệu ở Docker Compose · the data are those of Docker Compose",
        )
    return parser


def _add_up_options(up: argparse.ArgumentParser, settings: Settings) -> None:
    up.add_argument(
        "--residents",
        "--scale",
        type=int,
        metavar="N",
        default=settings.residents,
        help="số cư dân của phường giả lập, chỉ dùng lần đầu · residents of the fictitious ward, "
        "first run only (%(default)s)",
    )
    up.add_argument(
        "--port-base",
        type=int,
        metavar="PORT",
        help="dùng các cổng liên tiếp từ đây · consecutive ports from here on",
    )
    up.add_argument(
        "--no-fleet",
        dest="fleet",
        action="store_false",
        help="không chạy cảm biến giả lập · no simulated sensors",
    )


if __name__ == "__main__":
    sys.exit(main())
