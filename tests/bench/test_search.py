"""`python -m bench.search` in little: every step on a real server, and figures that fit each other."""

import io

import pytest
from rich.console import Console

from bench.search import QUICK, Population, run

pytestmark = pytest.mark.postgres


async def test_the_benchmark_runs_to_its_end() -> None:
    """Each kind of question is asked of both sides as often."""
    size, count = QUICK
    console = Console(file=io.StringIO(), width=120)
    measured = await run(console, Population(size), count)

    assert len(measured) == 3
    for one in measured:
        assert len(one.product.seconds) == len(one.trigrams.seconds) == count
        assert one.ratio(0.5) > 0
    assert isinstance(console.file, io.StringIO)
    assert "2,000" in console.file.getvalue()
