"""The demo as a newcomer runs it: against the whole platform, over HTTP and NATS only."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from fire_safety.domain.devices.device import PayloadFormat
from simulator.__main__ import main
from stack.installation import Installation
from stack.supervisor import Stack

SPEED = "40"
SILENT = """
    select device_id, payload_format from devices
    where payload_format <> 'NATIVE' and (last_seen_at is null or not exists (
        select from device_credentials as own
        where own.device_id = devices.device_id and own.first_used_at is not null))
"""
FORMATS_HEARD = "select distinct payload_format from devices where last_seen_at is not null"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def run_dir(scratch: Path) -> AsyncGenerator[Path]:
    """Run the platform with a small ward and its fleet, and give its run directory."""
    async with Stack(scratch / "demo", residents=300) as stack:
        yield stack.installation.run_dir


async def demo(run_dir: Path, *options: str) -> tuple[int, str, list[dict[str, Any]]]:
    """Run the command; return exit code, what it printed, and its measurements."""
    measurements = run_dir / "measurements.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "demo", "--json", str(measurements), *options),
        env={"STACK_RUN_DIR": str(run_dir), "SPEED": SPEED, "COLUMNS": "100"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode(), json.loads(measurements.read_text())


@pytest.mark.system
@pytest.mark.timeout(300)
@pytest.mark.asyncio(loop_scope="module")
async def test_every_real_fire_is_noticed_about_as_early_as_by_the_real_alarms(
    run_dir: Path,
) -> None:
    """In all four tests no station is missed and the median lag is at most ten seconds.

    Each ends with the brief of its incident and with a tidy premises.
    """
    code, printed, fires = await demo(run_dir, "--fire", "all")

    assert code == 0, printed
    assert [fire["fire"] for fire in fires] == ["SDC05", "SDC07", "SDC38", "SDC39"]
    for fire in fires:
        assert fire["missed"] == []
        assert fire["median_lag_s"] <= 10
        assert set(fire["p50_ms"]) == {"durable", "incident", "brief", "event"}
        assert len({len(times) for times in fire["times_ms"].values()}) == 1
    for told in (
        "CS-0001",
        "ít nhất",
        "không tự đi được",
        "xe điện đang sạc",
        "0100 ",
        "trực ban qua màn hình lúc",
    ):
        assert told in printed
    assert printed.count("reset and closed") == 4


@pytest.mark.system
@pytest.mark.timeout(180)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_detector_of_each_format_is_heard_under_its_own_credentials(run_dir: Path) -> None:
    """All that are of other makers: each was given a password, signed in with it, and was heard."""
    address = Installation.of_run(run_dir).postgres.url("fire_safety", "fire_safety_app")
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    try:
        async with asyncio.timeout(120):
            while silent := await connection.fetch(SILENT):
                await asyncio.sleep(0.5)
        formats = await connection.fetch(FORMATS_HEARD)
    finally:
        await connection.close()

    assert silent == []
    assert {one["payload_format"] for one in formats} == set(PayloadFormat)


def test_without_a_platform_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence in each language, exit code 1."""
    monkeypatch.setenv("STACK_RUN_DIR", str(tmp_path))

    assert main(["demo"]) == 1
    assert "`make up`" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("FIRE", "SDC99"), ("SPEED", "fast"), ("SPEED", "0")])
def test_a_setting_that_makes_no_sense_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    """The sentence says what is allowed."""
    monkeypatch.setenv(name, value)

    assert main(["demo"]) == 1
    assert "SDC05, SDC07, SDC38, SDC39" in capsys.readouterr().err
