"""The command `story`: starts a small platform of its own, lives through a fire and writes the page that tells it."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from simulator.fire_story.page import page
from simulator.fire_story.story import tell
from stack.errors import StackError
from stack.progress import Progress
from stack.supervisor import Stack

RESIDENTS = 300
PREMISES = "CS-0001"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("file", type=Path, help="the page to write, Markdown")


def run(options: argparse.Namespace) -> int:
    """Tell the story and write the page; the exit code is 1 if the platform does not start."""
    try:
        text = asyncio.run(_told())
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    options.file.write_text(text, encoding="utf-8")
    print(f"Đã viết {options.file} · written")
    return 0


async def _told() -> str:
    with tempfile.TemporaryDirectory(prefix="fire-story-") as folder:
        stack = Stack(Path(folder), residents=RESIDENTS, fleet=False, progress=Progress())
        async with stack:
            return page(await tell(stack.installation, PREMISES))
