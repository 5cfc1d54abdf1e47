"""The previous release's data under this one: migrated, and its services started and restarted in any order.

`tests/recovery/previous` was made by `python -m tests.recovery.record`; told.json names the commit.
"""

import asyncio
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from stack.installation import DATABASE_SERVICES, Installation
from stack.supervisor import Stack
from tests.recovery.platform import SERVICES, dump_of, rows_in, told_before, until_ready, upgraded
from tests.recovery.record import QUIET
from tests.system.drill import AUDITED, audits_of, until_whole
from tests.system.ledger import Kind, Ledger, Names, compare, stored_in
from tests.system.load import Load
from tests.system.officer import Officer

# A minute and more each: `make test-upgrade`.
pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

OTHER_ORDERS = (
    ("incidents", "residency", "gateway", "fire_safety"),
    ("fire_safety", "gateway", "incidents", "residency"),
)
# What passes: readings by their age, events once they are published, and what devices were heard to say last.
PASSING = ("readings", "outbox", "recorder", "detector", "hours_due", "rollup_due")


# What has another name now.
RENAMED = {"fire_points": "supply_points"}


async def fewer_rows(place: Installation) -> list[str]:
    """Tell in one line each which tables of before hold less than before."""
    found = []
    for database in DATABASE_SERVICES:
        connection = await asyncpg.connect(place.postgres.url(database).replace("+asyncpg", ""))
        tables = {
            row[0]
            for row in await connection.fetch(
                "select tablename from pg_tables where schemaname = 'public'"
            )
        }
        for name, before in sorted(rows_in(dump_of(database)).items()):
            if name.startswith(PASSING):
                continue
            table = RENAMED.get(name, name)
            count = f"select count(*) from {table}"  # noqa: S608 - a name of the dump
            now = await connection.fetchval(count) if table in tables else 0
            if now < before:
                found.append(f"{database}.{table}: {before} rows before, {now} now")
        await connection.close()
    return found


def acknowledged_before() -> Names:
    """Give what the previous release had acknowledged; readings are not kept for ever."""
    told = told_before()["acknowledged"]
    return {kind: set(told[kind.name]) for kind in Kind if kind is not Kind.READING}


async def burn_and_count(stack: Stack, *, restarts: tuple[tuple[str, ...], ...] = ()) -> None:
    """Let fires break out while services restart in these orders; count what was acknowledged, before and since."""
    place, ledger = stack.installation, Ledger()
    load = await Load.choose(place, ledger, QUIET, fire_s=0.5, every_s=0.2)
    async with Officer(place) as officer:
        async with load.running(officer):
            for name in (name for order in restarts for name in order):
                stack.process(name).kill()
                await stack.ready(name)
            await until_ready(place)
            while len(load.burning) < len(QUIET):
                await asyncio.sleep(0.1)
            await load.until_told(officer)
        # What was under way has arrived: one incident each, with the alarm of the one device.
        for left in (told_before()["told"], told_before()["sent"]):
            (incident,) = await officer.until(partial(officer.open_incidents, left["premises"]))
            assert len(incident["alarmIds"]) == 1
    since = ledger.until_now()
    await until_whole(place, since)
    for one in (
        *compare(acknowledged_before(), await stored_in(place)),
        *compare(since, await stored_in(place)),
    ):
        assert one.acknowledged, one.kind
        assert (one.missing, one.doubled) == ([], []), one.kind
    assert await fewer_rows(place) == []
    assert await audits_of(place) == dict.fromkeys(AUDITED, "")


async def test_services_of_this_release_start_backwards_over_data_of_the_previous(
    scratch: Path,
) -> None:
    """The gateway first, residency last: nothing of before is missing, what was under way arrives, fires are told."""
    async with upgraded(scratch / "upgrade", tuple(reversed(SERVICES))) as stack:
        await burn_and_count(stack)


@pytest.mark.parametrize("order", OTHER_ORDERS)
async def test_services_start_and_restart_in_any_order(
    scratch: Path, order: tuple[str, ...]
) -> None:
    """And are killed and started again in each order while fires break out."""
    async with upgraded(scratch / f"upgrade-{order[0]}", order) as stack:
        await burn_and_count(stack, restarts=(order, SERVICES, tuple(reversed(order))))
