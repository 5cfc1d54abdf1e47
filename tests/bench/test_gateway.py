"""`make bench-gateway` in little: every step on real servers, and figures that fit each other."""

import io
from collections.abc import AsyncGenerator

import httpx2
import pytest
from rich.console import Console

from bench import gateway, machine, register
from bench.caller import Orders
from bench.gateway import QUICK, Benchmark, What
from bench.http_caller import ONE, http_requests
from bench.register import Register
from chassis.clock import utc_now
from stack.progress import Progress

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.http, pytest.mark.timeout(300)]


@pytest.fixture
async def running() -> AsyncGenerator[Register]:
    """Servers of their own with an empty register."""
    async with register.running(Progress(Console(file=io.StringIO()))) as one:
        yield one


async def test_the_benchmark_runs_to_its_end_and_its_figures_fit(running: Register) -> None:
    """All are asked as often, each answer of the service has its record, and the chain holds."""
    results = await Benchmark(running, QUICK, Progress(Console(file=io.StringIO()))).run()

    assert set(results.measured) == set(What)
    for rounds in results.measured.values():
        assert len(rounds) == QUICK.rounds
        assert all(0 < called.p50 <= called.p99 and called.looks for called in rounds)
    assert results.records == results.answers > 0
    assert results.chain_holds
    console = Console(file=io.StringIO(), width=120)
    gateway.show(console, machine.facts(), results)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for goal, _ in gateway.judged(results):
        assert goal.vietnamese.split(":")[0].strip() in text


async def test_the_route_by_hand_answers_as_the_gateway_does(running: Register) -> None:
    """The same document to the same question, alone and in the frame: the floor leaves no part of the answer out."""
    async with (
        running.floor() as echo,
        running.before(echo, *gateway.GATEWAY) as transcoded,
        running.before(echo, *gateway.BY_HAND) as alone,
        running.before(echo, *gateway.BY_HAND_IN_FRAME) as in_frame,
    ):
        answers = [await ask(port, running) for port in (transcoded, alone, in_frame)]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["personalIdNumber"] == "FIELD_MATCH_YES"


async def ask(port: int, running: Register) -> dict[str, object]:
    """Ask what the benchmark asks first, by another client."""
    orders = Orders(f"127.0.0.1:{port}", in_flight=1, seconds=0, persons=1)
    _, _, body = http_requests(orders)[0].partition(b"\r\n\r\n")
    headers = {
        "authorization": f"Bearer {running.token(utc_now())}",
        "content-type": "application/json",
    }
    async with httpx2.AsyncClient(headers=headers) as client:
        answer = await client.post(f"http://{orders.target}{ONE}", content=body)
    told: dict[str, object] = answer.raise_for_status().json()
    return told
