"""Commands of the fire-safety service: `python -m fire_safety serve | migrate | import DIRECTORY`."""

import argparse
import asyncio
from pathlib import Path

from chassis import lifecycle, log
from chassis.settings import read_settings
from fire_safety import app
from fire_safety.settings import Settings


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="fire_safety", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="take in readings and serve gRPC until stopped")
    commands.add_parser("migrate", help="bring the tables to the present version")
    importing = commands.add_parser("import", help="load a register of premises and devices")
    importing.add_argument("directory", type=Path, help="the folder with the manifest")
    arguments = parser.parse_args()
    settings = read_settings(Settings)
    log.configure("fire_safety", settings.log_level)
    match arguments.command:
        case "serve":
            lifecycle.run(app.serve(settings))
        case "migrate":
            asyncio.run(app.migrate(settings))
        case _:
            asyncio.run(app.import_ward(settings, arguments.directory))


if __name__ == "__main__":
    main()
