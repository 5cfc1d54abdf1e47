"""The simulator's commands: `python -m simulator generate | fleet | demo | story | population | dispatch | fault`."""

import argparse
import importlib
import sys

# Imported only when asked for: the fleet runs where the demo's libraries are not installed.
COMMANDS = {
    "generate": (
        "simulator.generator.command",
        "write a synthetic ward: people, premises, devices",
    ),
    "fleet": ("simulator.fleet.command", "let every detector of a ward report at its interval"),
    "demo": ("simulator.demo.command", "replay a real fire through a building of `make up`"),
    "story": (
        "simulator.fire_story.command",
        "start a small platform, live through a fire, and write the page that tells it",
    ),
    "population": (
        "simulator.population.command",
        "answer as the National Population Database, faults included",
    ),
    "dispatch": (
        "simulator.dispatch.command",
        "answer as the city's dispatch centre (114), faults included",
    ),
    "fault": (
        "simulator.population.fault_command",
        "make the population database of `make up` fail, or answer again",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    chosen = _parser().parse_args(arguments)
    module, summary = COMMANDS[chosen.command]
    command = importlib.import_module(module)
    parser = argparse.ArgumentParser(f"python -m simulator {chosen.command}", description=summary)
    command.add_arguments(parser)
    code: int = command.run(parser.parse_args(chosen.options))
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m simulator",
        description="A synthetic ward and its sensors.",
        epilog="\n".join(f"{name:<12}{summary}" for name, (_, summary) in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("options", nargs=argparse.REMAINDER, help="--help tells which")
    return parser


if __name__ == "__main__":
    sys.exit(main())
