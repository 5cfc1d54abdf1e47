"""The command line: `python -m monitoring check`, `dashboards`."""

import argparse
import sys

from monitoring.generated import faults_of_dashboards, write
from monitoring.rules import faults_of_rules
from monitoring.settings import GRAFANA, PROMETHEUS, REPOSITORY


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m monitoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="kiểm tra · check rules and dashboards")
    commands.add_parser("dashboards", help="sinh lại bảng điều khiển · write the dashboards")
    if parser.parse_args(arguments).command == "check":
        return _check()
    write(GRAFANA / "dashboards")
    return 0


def _check() -> int:
    faults = [
        *faults_of_rules(PROMETHEUS, REPOSITORY),
        *faults_of_dashboards(GRAFANA / "dashboards"),
    ]
    for fault in faults:
        print(f"Sai / wrong: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
