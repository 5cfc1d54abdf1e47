"""Commands of the residency service: `python -m residency serve | migrate | import | keys`."""

import argparse
import asyncio
from pathlib import Path

from chassis import lifecycle, log
from chassis.settings import read_settings
from residency import app
from residency.settings import Settings


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="residency", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="serve gRPC until stopped")
    commands.add_parser("migrate", help="bring the tables to the present version")
    importing = commands.add_parser("import", help="load a synthetic ward made by the simulator")
    importing.add_argument("directory", type=Path, help="the folder with the manifest")
    keys = commands.add_parser("keys", help="change the key of what is stored sealed")
    of_keys = keys.add_subparsers(dest="action", required=True)
    of_keys.add_parser("rotate", help="seal anew what old keys sealed, while the service works")
    arguments = parser.parse_args()
    settings = read_settings(Settings)
    log.configure("residency", settings.log_level)
    match arguments.command:
        case "serve":
            lifecycle.run(app.serve(settings))
        case "migrate":
            asyncio.run(app.migrate(settings))
        case "keys":
            asyncio.run(app.rotate_keys(settings))
        case _:
            asyncio.run(app.import_ward(settings, arguments.directory))


if __name__ == "__main__":
    main()
