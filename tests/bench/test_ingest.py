"""`make bench-ingest` in little: every step on real servers, and figures that fit each other."""

import io

import pytest
from rich.console import Console

from bench import machine, platform, report
from bench.ingest import WARD_READINGS_PER_SECOND, Benchmark, Results
from bench.sizes import QUICK
from stack.progress import Progress

pytestmark = [pytest.mark.postgres, pytest.mark.nats]


def shown(results: Results) -> str:
    """Print the report."""
    console = Console(file=io.StringIO(), width=120)
    report.show(console, machine.facts(), results)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.timeout(600)
async def test_the_benchmark_runs_to_its_end_and_its_figures_fit() -> None:
    """Each lane read everything, each smoke became an alarm, nothing was lost in the floods."""
    progress = Progress(Console(file=io.StringIO()))
    async with platform.running(QUICK.devices, progress) as running:
        results = await Benchmark(running, QUICK, progress).run()

    for one in (results.batches, results.singles):
        columns = (one.heap, one.keyed, one.recorder, one.detector, one.both, one.usual)
        assert all(len(column) == QUICK.rounds and min(column) > 0 for column in columns)
    assert all(min(one.pull, one.fetch) > 0 for one in results.small)
    assert len(results.floor.seconds) == 2 * QUICK.alarms
    for latencies in (results.idle, results.half, results.full):
        assert (len(latencies.seconds), latencies.lost) == (QUICK.alarms, 0)
        assert 0 < latencies.percentile(0.5) <= latencies.percentile(0.99)
    for flood in (results.ward_flood, results.broker_flood):
        assert flood.sent > QUICK.flood_alarms
        assert (flood.sent, flood.lost) == (flood.stored, 0)
        assert min(flood.memory_before, flood.memory_after) > 0
    text = shown(results)
    times = results.ward_flood.sent_per_second / WARD_READINGS_PER_SECOND
    assert f"{times:.1f} times" in text
    for goal, _ in report.judged(results):
        assert goal.vietnamese.split(":")[0].strip() in text
