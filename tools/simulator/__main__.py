"""The simulator's commands: `python -m simulator generate | fleet | demo`."""

import argparse
import sys

from simulator.demo import command as demo
from simulator.fleet import command as fleet
from simulator.generator import command as generate


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A synthetic ward and its sensors."
    )
    commands = parser.add_subparsers(required=True, metavar="generate | fleet | demo")
    for name, command, summary in (
        ("generate", generate, "write a synthetic ward: people, premises, devices"),
        ("fleet", fleet, "let every detector of a ward report at its real interval"),
        ("demo", demo, "replay a real fire through one building while `make up` runs"),
    ):
        subparser = commands.add_parser(name, help=summary, description=summary)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    options = parser.parse_args(arguments)
    code: int = options.run(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
