"""The command line: `python -m monitoring check`."""

import argparse
import sys

from monitoring.rules import faults_of_rules
from monitoring.settings import PROMETHEUS, REPOSITORY


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m monitoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="kiểm tra quy tắc cảnh báo · check alert rules")
    parser.parse_args(arguments)
    return _check()


def _check() -> int:
    faults = list(faults_of_rules(PROMETHEUS, REPOSITORY))
    for fault in faults:
        print(f"Sai / wrong: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
