"""Commands on the manifests of deploy/k8s: `python -m manifests check | rules | sizing`."""

import argparse
import sys
from pathlib import Path

from manifests import check, rules, sizing


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="manifests", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "check", help="build every overlay and check each field against its schema"
    )
    commands.add_parser(
        "rules", help="write the alert rules of deploy/prometheus for the operator"
    )
    counting = commands.add_parser("sizing", help="compute pods, disks and cost")
    counting.add_argument("--page", type=Path, help="write the figures into this page")
    arguments = parser.parse_args()
    if arguments.command == "sizing":
        sizing.run(arguments.page)
        return
    if arguments.command == "rules":
        rules.write()
        return
    found = check.problems()
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        sys.exit("Bản khai Kubernetes sai / The manifests of deploy/k8s are wrong.")


if __name__ == "__main__":
    main()
