"""A drill: an installation is lost, and another one made from its backup; what was lost, and how long it took."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from chassis.clock import utc_now
from stack.backup import back_up, restore
from stack.child_process import ChildProcess
from stack.installation import Installation
from stack.plan import python_module
from stack.settings import Ports
from stack.supervisor import Stack
from tests.system.officer import Officer
from tests.system.smoke import CLEAN_AIR, SMOKE, Detector

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]

RESIDENTS = 300


async def burn(stack: Stack, officer: Officer, number: int) -> dict[str, Any]:
    """Let a fire break out at the premises of that number; tell its incident."""
    place = await officer.premises(number)
    device = (await officer.devices(place["premisesId"]))[0]
    detector = Detector(stack.installation, device)
    await detector.report(CLEAN_AIR, 3)
    await detector.report(SMOKE, 10)
    (incident,) = await officer.until(lambda: officer.open_incidents(place["premisesId"]))
    return dict(incident)


async def incidents(officer: Officer) -> dict[str, int]:
    """Tell how many alarms each open fire has, by its number."""
    listed = (await officer.get("/v1/incidents", openOnly="true", pageSize="500"))["incidents"]
    return {one["number"]: len(one["members"]) for one in listed}


async def test_what_was_backed_up_is_there_after_a_total_loss(scratch: Path) -> None:
    """Each alarm and incident from before the backup is there once; the chain of looks is whole; new fires are told."""
    lost, made, kept = scratch / "lost", scratch / "made", scratch / "backup"
    async with (
        Stack(lost, residents=RESIDENTS, fleet=False) as stack,
        Officer(stack.installation) as officer,
    ):
        before = [await burn(stack, officer, number) for number in (1, 2, 3)]
        await officer.get(f"/v1/incidents/{before[0]['incidentId']}/brief")
        backed_up = await asyncio.to_thread(back_up, stack.installation, kept, utc_now)
        copied = time.monotonic()
        after = await burn(stack, officer, 4)
        window = time.monotonic() - copied
    shutil.rmtree(lost)

    gone = time.monotonic()
    place = Installation(made, Ports())
    await asyncio.to_thread(restore, place, kept)
    async with (
        Stack(made, residents=RESIDENTS, fleet=False) as again,
        Officer(again.installation) as officer,
    ):
        took = time.monotonic() - gone
        found = await incidents(officer)
        new = await burn(again, officer, 5)
        verified = await asyncio.to_thread(_verify, again)
    print(  # noqa: T201 - the drill's own account
        f"\nRPO {window:.1f} s (1 incident of 4), RTO {took:.1f} s,"
        f" {backed_up['messages']} messages of streams"
    )

    assert {one["number"] for one in before} <= set(found)
    assert set(found.values()) == {1}
    assert after["number"] not in found
    assert new["number"] not in found
    assert verified == 0


def _verify(stack: Stack) -> int | None:
    """Run the auditor's own command over the account of looks."""
    place = stack.installation
    environment = place.environment_of("incidents")
    command = python_module("incidents", "audit", "verify")
    audit = ChildProcess("audit", command, place.run_dir / "log" / "audit.log", environment)
    audit.start()
    audit.wait(60)
    return audit.exit_code
