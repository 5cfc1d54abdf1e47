"""What the stack runs, as plain data: which databases, which commands, in which order."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """A command that runs to its end.

    A task with `once`, a word on what it makes, never runs again after success.
    """

    name: str
    vietnamese: str
    english: str
    command: tuple[str | Path, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    once: str | None = None


@dataclass(frozen=True)
class Service:
    """A command that runs until stopped, ready when it answers 200 at /readyz of its port.

    Without a port it is ready once it runs.
    """

    name: str
    command: tuple[str | Path, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_port: int | None = None


@dataclass(frozen=True)
class Plan:
    """Databases first, then tasks, then services; groups in order, members of a group together."""

    databases: tuple[str, ...] = ()
    tasks: tuple[tuple[Task, ...], ...] = ()
    services: tuple[tuple[Service, ...], ...] = ()


def python_module(module: str, *arguments: str | Path) -> tuple[str | Path, ...]:
    """Return the command that runs one of our modules with the Python that runs us."""
    return (sys.executable, "-m", module, *arguments)
