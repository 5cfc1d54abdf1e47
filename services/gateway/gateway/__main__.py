"""Lệnh của cổng truy cập · commands of the gateway: `python -m gateway serve`."""

import argparse

from chassis import lifecycle
from chassis.settings import read_settings
from chassis.telemetry import log
from gateway import app
from gateway.settings import Settings


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="gateway", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="phục vụ HTTP đến khi dừng · serve HTTP until stopped")
    parser.parse_args()
    settings = read_settings(Settings)
    log.configure("gateway", settings.log_level)
    lifecycle.run(app.serve(settings))


if __name__ == "__main__":
    main()
