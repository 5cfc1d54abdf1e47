"""Work in a process of its own: it reads its orders as JSON on standard input and tells as JSON what came of it."""

import asyncio
import json
import sys
from asyncio.subprocess import Process
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


async def begin(module: str, orders: "DataclassInstance") -> Process:
    """Have a module work as ordered."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module), stdin=pipe, stdout=pipe
    )
    assert process.stdin  # noqa: S101 - it was asked for
    process.stdin.write(json.dumps(asdict(orders)).encode())
    process.stdin.close()
    return process


async def told_by(process: Process) -> Any:  # noqa: ANN401 - parsed JSON
    """Wait for the end; give what it told. Raises RuntimeError if it failed."""
    written, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("a process of the benchmark failed: what it said is above")
    return json.loads(written)
