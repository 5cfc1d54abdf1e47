"""`make bench-lookup` in little: every step on real servers, and figures that fit each other."""

import io

import pytest
from rich.console import Console

from bench import lookup_report, machine, register
from bench.lookup import QUICK, Benchmark, Results, What
from stack.progress import Progress

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


def shown(results: Results) -> str:
    """Print the report."""
    console = Console(file=io.StringIO(), width=120)
    lookup_report.show(console, machine.facts(), results)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.timeout(300)
async def test_the_benchmark_runs_to_its_end_and_its_figures_fit() -> None:
    """Everything is called with each register, each answer has its records, and the chain holds."""
    async with register.running(Progress(Console(file=io.StringIO()))) as running:
        results = await Benchmark(running, QUICK, Progress(Console(file=io.StringIO()))).run()

    assert [one.persons for one in results.each] == list(QUICK.persons)
    for one in results.each:
        assert {what for what, _ in one.measured} == set(What)
        assert all(len(rounds) == QUICK.rounds for rounds in one.measured.values())
        for rounds in one.measured.values():
            assert all(0 < called.p50 <= called.p99 and called.looks for called in rounds)
    assert results.records == results.answers > 0
    assert results.chain_holds
    text = shown(results)
    for goal, _ in lookup_report.judged(results):
        assert goal.vietnamese.split(":")[0].strip() in text
