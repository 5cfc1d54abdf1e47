"""The whole drill: everything is destroyed in the middle of fires, and made anew from the backup."""

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from bench.scrape import Scrape
from stack.installation import Installation
from stack.settings import Ports
from stack.supervisor import Stack
from tests.system.drill import lose, recover, require_sound, told
from tests.system.ledger import Kind, Ledger
from tests.system.load import Load
from tests.system.officer import Officer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(900)]

RESIDENTS = 3_000
PREMISES = 18
BEFORE_S, AFTER_S, FIRE_S = 60, 30, 10


async def test_what_was_acknowledged_before_the_backup_is_there_after_a_total_loss(
    scratch: Path,
) -> None:
    """Readings, alarms, incidents, pages, looks and photos, once each; the chains verify; new fires are told."""
    run_dir, folder, ports, ledger = scratch / "ward", scratch / "backup", Ports.free(), Ledger()
    stack = Stack(run_dir, ports=ports, residents=RESIDENTS, fleet=False)
    await stack.start()

    async def destroy() -> None:
        await stack.hold_down("postgres")
        await stack.hold_down("nats")
        await stack.stop()
        shutil.rmtree(run_dir)

    try:
        load = await Load.choose(stack.installation, ledger, range(1, PREMISES + 1), FIRE_S)
        loss = await lose(
            stack, load, ledger, folder, before_s=BEFORE_S, after_s=AFTER_S, destroy=destroy
        )
    finally:
        await stack.stop()

    again = Stack(run_dir, ports=ports, residents=RESIDENTS, fleet=False)
    try:
        recovery = await recover(Installation(run_dir, ports), folder, again.start, loss)
        print(f"\n{told(loss, recovery)}")  # noqa: T201 - the drill's own account
        later = Ledger()
        numbers = range(PREMISES + 1, PREMISES + 3)
        fires = await Load.choose(again.installation, later, numbers, fire_s=1)
        async with Officer(again.installation) as officer, fires.running(officer):
            while len(fires.burning) < len(numbers):
                await officer.get("/v1/incidents", openOnly="true")
            await fires.until_told(officer)
        canary = await asyncio.to_thread(Scrape.of, again.installation.admin_port("canary"))
    finally:
        await again.stop()

    require_sound(loss, recovery)
    assert 0 < time.time() - canary.value("ward_backup_timestamp_seconds") < 1800
    assert later.entries[Kind.INCIDENT] == set(fires.burning)
