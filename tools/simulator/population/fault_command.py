"""The command `fault`: makes the population database of `make up` fail, or answer again."""

import argparse
import sys

from simulator.population.fault_file import FaultFile
from simulator.population.server import Fault
from simulator.settings import PopulationSettings
from stack.errors import StackError
from stack.installation import Installation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("fault", type=Fault, choices=list(Fault), help="how it fails")


def run(options: argparse.Namespace) -> int:
    """Say the fault where the database reads it; returns the exit code."""
    try:
        place = Installation.of_run(PopulationSettings().run_dir)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    FaultFile(place.population_fault).write(options.fault)
    print(f"→ CSDL dân cư giả lập / simulated population database: {options.fault}")
    return 0
