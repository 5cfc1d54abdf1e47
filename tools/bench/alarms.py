"""`python -m bench.alarms [--quick]`: ten thousand alarms of 251 premises in a minute, with a replica killed.

Three processes of the incidents service share a PostgreSQL and a broker as the product has them, and homes that have
neighbours. Each alarm is of a detector of its own; each fiftieth is told again under another id. One process is killed
in the middle of the minute and starts again. What counts is that each alarm is in one incident, that one fire is open
at each premises, and that each step was told once. Rescue briefs are read during the minute and after it.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
from grpc import aio
from nats.aio.client import Client
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench import machine
from bench.escalations import Bench, connected, restart, servers
from bench.latency import Latencies
from chassis.broker.messages import EVENT_ID_HEADER, REQUEST_ID_HEADER, subject_of
from chassis.clock import utc_now
from stack.issuer import Role
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb
from ward.incidents.v1 import incidents_pb2_grpc
from ward.residency.v1 import residency_pb2 as residency

_WARD = "11002"
_WIDTH = 120
_PATIENCE_S = 120.0
_AFTERWARDS_S = 2.0
_TOLD_AGAIN = 50
# A brief is asked for so often while alarms come in, and so many times when all is quiet.
_BRIEF_EVERY_S = 0.1
_QUIET_BRIEFS = 300
_BRIEF_MAX_MS = 50.0
_COUNTED = {
    "alarms": "select count(distinct alarm_id) from incident_alarms",
    "scattered": """
        select count(*) from (
            select from incident_alarms group by alarm_id having count(distinct incident_id) > 1
        ) scattered
    """,
    "open_fires": "select count(*) from incidents where kind = 'FIRE' and ended_at is null",
    "doubled_fires": """
        select count(*) from (
            select from incidents where kind = 'FIRE' and ended_at is null group by place_key having count(*) > 1
        ) doubled
    """,
    # The timeline tells each step that was told, once.
    "paged_twice": """
        select count(*) from (
            select incident_id, count(*) as times from timeline where kind in ('notified', 'escalated')
            group by incident_id
        ) told
        join (select incident_id, count(distinct step) as steps from notifications group by incident_id) paged
            using (incident_id)
        where told.times <> paged.steps
    """,
}
Event = fire.AlarmRaised | pb.IncidentOpened | pb.IncidentAlarmJoined
# An alarm, when the broker stored what it tells of it, and whether that is that it was raised.
Heard = tuple[str, float, bool]


@dataclass(frozen=True)
class Sizes:
    """How many alarms of how many premises with how many dwellings each, within how many seconds."""

    alarms: int
    premises: int
    dwellings: int
    span_s: float


FULL, QUICK = Sizes(10_000, 251, 50, 60.0), Sizes(300, 25, 4, 3.0)


@dataclass
class Told:
    """How long after the broker had stored an alarm it stored that an incident has it, and what is counted at the end.

    By the broker's clock both times, in seconds since 1970.
    """

    stored: dict[str, float] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    late: Latencies = field(default_factory=Latencies)
    counts: dict[str, int] = field(default_factory=dict)
    during: Latencies = field(default_factory=Latencies)
    afterwards: Latencies = field(default_factory=Latencies)

    def kept(self, sizes: Sizes) -> bool:
        """Tell whether nothing was lost or doubled."""
        return (
            self.counts["alarms"] == len(self.times) == sizes.alarms
            and self.counts["open_fires"] == sizes.premises
            and set(self.times.values()) == {1}
            and not any(self.counts[one] for one in ("scattered", "doubled_fires", "paged_twice"))
        )


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell; 1 if an alarm was lost or doubled, or a brief takes too long when all is quiet."""
    parser = argparse.ArgumentParser("python -m bench.alarms", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that everything works")
    quick = parser.parse_args(arguments).quick
    sizes = QUICK if quick else FULL
    console = Console(highlight=False, width=_WIDTH)
    for name, fact in machine.facts().items():
        console.print(f"  {name:<28} {fact}")
    told = asyncio.run(run(sizes))
    show(console, sizes, told)
    slow = not quick and told.afterwards.percentile(0.99) > _BRIEF_MAX_MS
    return 0 if told.kept(sizes) and not slow else 1


async def run(sizes: Sizes) -> Told:
    """Have alarms come in, kill a replica in the middle, read briefs, and count."""
    told = Told()
    async with servers() as bench:
        await settle(bench.database_url, sizes)
        listening = asyncio.create_task(listen(bench.broker, sizes, told))
        reading = asyncio.create_task(read_briefs(bench, told.during))
        sending = asyncio.create_task(send(bench.broker, sizes))
        await asyncio.sleep(sizes.span_s / 2)
        await restart(bench.replicas[0])
        await sending
        await listening
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await read_briefs(bench, told.afterwards, _QUIET_BRIEFS, every_s=0)
        await judge(bench.database_url, told)
    return told


async def judge(database_url: str, told: Told) -> None:
    """Count at the end what is in incidents, how often, and which steps were told twice."""
    async with connected(database_url) as connection:
        for name, statement in _COUNTED.items():
            told.counts[name] = await connection.fetchval(statement)


def show(console: Console, sizes: Sizes, told: Told) -> None:
    """Print the figures."""
    heading = f"{sizes.alarms:,} báo động của {sizes.premises} cơ sở trong {sizes.span_s:.0f} s"
    counts = told.counts
    facts = {
        "vào vụ việc · in incidents": f"{counts['alarms']:,}",
        "vào hai vụ · in two": str(counts["scattered"]),
        "vụ cháy đang mở · open fires": str(counts["open_fires"]),
        "mở hai lần · opened twice": str(counts["doubled_fires"]),
        "báo hai lần · paged twice": str(
            counts["paged_twice"] + sum(n > 1 for n in told.times.values())
        ),
    }
    _print(console, f"{heading} · alarms of premises within", facts)
    spans = {"từ báo động đến vụ việc · alarm to incident": told.late}
    spans["bản tin cứu nạn, lúc dồn dập · brief, during"] = told.during
    spans["bản tin cứu nạn, sau đó · brief, afterwards"] = told.afterwards
    for title, found in spans.items():
        shown = {"n": f"{len(found.seconds):,}"}
        shown |= {
            name: f"{found.percentile(share):.0f}"
            for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
        }
        _print(console, f"{title}, ms", shown)


def _print(console: Console, title: str, facts: dict[str, str]) -> None:
    console.print(title)
    table = Table(box=SIMPLE)
    for name in facts:
        table.add_column(name, justify="right")
    table.add_row(*facts.values())
    console.print(table)


async def settle(database_url: str, sizes: Sizes) -> None:
    """Enter premises, each beside the next one, and who lives there."""
    now = utc_now()
    places = [_premises(number, sizes, now) for number in range(sizes.premises)]
    homes = [
        _home(building, number, now)
        for building in range(sizes.premises)
        for number in range(sizes.dwellings)
    ]
    async with connected(database_url) as connection:
        await _copy(connection, "premises", places)
        await _copy(connection, "occupancies", homes)
        await connection.execute("analyze")


async def _copy(
    connection: asyncpg.Connection, table: str, rows: Sequence[Mapping[str, object]]
) -> None:
    """Enter rows that have the same columns; a database that was migrated has its columns in an order of its own."""
    columns = list(rows[0])
    records = [[row[name] for name in columns] for row in rows]
    await connection.copy_records_to_table(table, records=records, columns=columns)


def _premises(number: int, sizes: Sizes, now: datetime) -> dict[str, object]:
    told = fire.Premises(
        premises_id=_premises_id(number),
        ward_code=_WARD,
        name=f"Cơ sở giả định {number}",
        building_id=_building_id(number),
    )
    return {
        "premises_id": told.premises_id,
        "version": 1,
        "as_of": now,
        "name": told.name,
        "address": f"số {number} phố Thử Nghiệm",
        "building_id": told.building_id,
        "residential_group": number % 20 + 1,
        "payload": told.SerializeToString(),
        "latitude": 20.86 + number / 10_000,
        "longitude": 106.68,
        "adjoining_building_ids": [_building_id((number + 1) % sizes.premises)],
        "adjoining_premises_ids": [],
        "alley_building_ids": [_building_id((number + step) % sizes.premises) for step in (2, 3)],
        "alley": f"ngõ {number // 4}",
    }


def _home(building: int, number: int, now: datetime) -> dict[str, object]:
    told = _occupancy(building, number)
    floor = told.dwelling.floor
    return {
        "dwelling_id": told.dwelling.dwelling_id,
        "building_id": told.dwelling.building_id,
        "floor": floor,
        "unit": f"{floor:02d}{number % 4 + 1:02d}",
        "version": told.version,
        "as_of": now,
        "payload": told.SerializeToString(),
    }


def _occupancy(building: int, number: int) -> residency.DwellingOccupancy:
    return residency.DwellingOccupancy(
        dwelling=residency.Dwelling(
            dwelling_id=f"dwelling-{building}-{number}",
            building_id=_building_id(building),
            ward_code=_WARD,
            floor=number // 4 + 1,
        ),
        registered=3,
        age_bands=residency.AgeBands(from_16_to_59=3),
        version=1,
    )


def _premises_id(number: int) -> str:
    return f"premises-{number}"


def _building_id(number: int) -> str:
    return f"building-{number}"


async def send(broker: Client, sizes: Sizes) -> None:
    """Publish the alarms evenly over the time, some of them again under another id."""
    begin = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(sizes.alarms):
            due = begin + number * sizes.span_s / sizes.alarms
            await asyncio.sleep(max(due - time.monotonic(), 0))
            group.create_task(_publish(broker, _alarm(number, sizes)))


def _alarm(number: int, sizes: Sizes) -> fire.Alarm:
    alarm = fire.Alarm(
        alarm_id=str(UUID(int=number + 1)),
        ward_code=_WARD,
        device_id=f"TB-{number:05d}",
        device_known=True,
        premises_id=_premises_id(number % sizes.premises),
        zone_id="zone-1",
        zone_name="Bếp",
        floor=1,
        signal_class=fire.SIGNAL_CLASS_ALARM,
        kind=fire.ALARM_KIND_SMOKE,
        state=fire.ALARM_STATE_ACTIVE,
        value=0.09,
        threshold=0.05,
        version=1,
    )
    alarm.raised_at.FromDatetime(utc_now())
    return alarm


async def _publish(broker: Client, alarm: fire.Alarm) -> None:
    raised = fire.AlarmRaised(alarm=alarm)
    again = int(UUID(alarm.alarm_id)) % _TOLD_AGAIN == 0
    for _ in range(1 + again):
        headers = {EVENT_ID_HEADER: str(uuid4()), REQUEST_ID_HEADER: "bench-alarms"}
        await broker.jetstream().publish(
            subject_of(raised), raised.SerializeToString(), timeout=30, headers=headers
        )


async def listen(broker: Client, sizes: Sizes, told: Told) -> None:
    """Note of each alarm when the broker stored that an incident has it, until all were told and a moment longer."""
    heard: asyncio.Queue[Heard] = asyncio.Queue()
    hearing = [
        asyncio.create_task(_hear(broker, kind, heard))
        for kind in (fire.AlarmRaised, pb.IncidentOpened, pb.IncidentAlarmJoined)
    ]
    at: dict[str, float] = {}
    until = time.monotonic() + sizes.span_s + _PATIENCE_S
    while (left := until - time.monotonic()) > 0:
        try:
            alarm_id, stored_at, raised = await asyncio.wait_for(heard.get(), left)
        except TimeoutError:
            break
        if raised:
            told.stored.setdefault(alarm_id, stored_at)
            continue
        told.times[alarm_id] += 1
        at.setdefault(alarm_id, stored_at)
        if len(told.times) == sizes.alarms:
            until = min(until, time.monotonic() + _AFTERWARDS_S)
    for one in hearing:
        one.cancel()
    await asyncio.gather(*hearing, return_exceptions=True)
    told.late.seconds = [stored_at - told.stored[alarm_id] for alarm_id, stored_at in at.items()]


async def _hear(broker: Client, kind: type[Event], heard: asyncio.Queue[Heard]) -> None:
    subscription = await broker.jetstream().subscribe(
        subject_of(kind), stream="EVENTS", ordered_consumer=True
    )
    async for message in subscription.messages:
        event = kind.FromString(message.data)
        raised = isinstance(event, fire.AlarmRaised)
        await heard.put((_alarm_of(event), message.metadata.timestamp.timestamp(), raised))


def _alarm_of(event: Event) -> str:
    if isinstance(event, fire.AlarmRaised):
        return event.alarm.alarm_id
    return event.incident.alarm_ids[0] if isinstance(event, pb.IncidentOpened) else event.alarm_id


async def read_briefs(
    bench: Bench, found: Latencies, count: int = sys.maxsize, every_s: float = _BRIEF_EVERY_S
) -> None:
    """Read briefs of open incidents, one after the other, at a replica that is not killed."""
    token = bench.issuer.token(Role.DUTY_OFFICER, time.time())
    credentials = (("authorization", f"Bearer {token}"),)
    async with aio.insecure_channel(bench.targets[-1]) as channel:
        stub = incidents_pb2_grpc.IncidentsServiceStub(channel)
        ids: list[str] = []
        for number in range(count):
            await asyncio.sleep(every_s)
            if number % 100 == 0 or not ids:
                listing = pb.ListIncidentsRequest(open_only=True, page_size=500)
                listed = await stub.ListIncidents(listing, metadata=credentials)
                ids = [one.incident_id for one in listed.incidents]
            if ids:
                asked = pb.GetRescueBriefRequest(incident_id=ids[number * 7 % len(ids)])
                begun = time.perf_counter()
                await stub.GetRescueBrief(asked, metadata=credentials)
                found.seconds.append(time.perf_counter() - begun)


if __name__ == "__main__":
    sys.exit(main())
