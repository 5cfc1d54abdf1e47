"""What the person at the terminal sees while the stack works: a line for each finished step."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Display
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn


class Progress:
    """Steps with their seconds: a live display on a terminal, plain lines anywhere else."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._display = Display(
            *columns,
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def __enter__(self) -> Self:
        """Begin the live display."""
        self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the live display; the lines stay."""
        self._display.stop()

    @contextmanager
    def step(self, vietnamese: str, english: str) -> Iterator[None]:
        """Show the step while it lasts, then a line with its outcome and seconds."""
        begin = time.monotonic()
        shown = self._display.add_task(bilingual(vietnamese, english))
        mark, style = "✗", "red"
        try:
            yield
            mark, style = "✓", "green"
        except asyncio.CancelledError:
            # Stopped because another step failed, or by Ctrl-C: not at fault.
            mark, style = "…", "dim"
            raise
        finally:
            self._display.remove_task(shown)
            seconds = time.monotonic() - begin
            self.say(
                f"[{style}]{mark}[/] {bilingual(vietnamese, english)} [dim]{seconds:.1f} s[/]"
            )

    def note(self, vietnamese: str, english: str) -> None:
        """Print one line about something that happened."""
        self.say(f"[yellow]![/] {bilingual(vietnamese, english)}")

    def say(self, text: str = "") -> None:
        """Print a line, which may carry rich's markup; long words are not broken."""
        self.console.print(text, soft_wrap=True)


def bilingual(vietnamese: str, english: str) -> str:
    """Return both on one line: Vietnamese first, English in a quieter tone."""
    return f"{escape(vietnamese)} [dim]· {escape(english)}[/]"
