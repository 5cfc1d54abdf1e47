"""The rescue brief: one read of local tables, every number with its age, source and bound."""

from datetime import timedelta
from uuid import uuid4

import pytest
from google.protobuf.json_format import MessageToJson
from sqlalchemy import text

from chassis.storage.database import Database
from incidents.domain.incidents.incident import IncidentNotFoundError
from incidents.queries.briefs import BriefQueries
from incidents.wire.brief import brief_message
from tests.fixtures.servers import TestDatabase
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    alarm_message,
    alarm_of,
    occupancy,
    occupancy_message,
    premises,
    premises_message,
    raise_alarm,
    stamp,
    trouble_message,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb
from ward.residency.v1 import residency_pb2 as residency

pytestmark = pytest.mark.postgres

MOBILITY, INFANT = residency.ASSISTANCE_TYPE_MOBILITY, residency.ASSISTANCE_TYPE_INFANT
HOUR = timedelta(hours=1)


async def brief_of(queries: Queries, incident_id: object, clock: StoppedClock) -> pb.RescueBrief:
    """Read the brief of an incident as the service answers it."""
    return brief_message(await queries.brief(incident_id), clock())  # type: ignore[arg-type]


async def test_the_brief_tells_where_and_how_to_get_in(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """The premises as fire-safety told them, hazards, access, zones and contacts included, and how old that is."""
    await operations.take_premises(uuid4(), premises(stored_at=NIGHT - HOUR))
    incident = await raise_alarm(operations, queries)
    clock.advance(30)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert brief.premises == premises_message()
    assert brief.premises_provenance == pb.Provenance(
        source="fire-safety", as_of=stamp(NIGHT - HOUR), age_s=3630
    )
    assert brief.generated_at.ToDatetime(NIGHT.tzinfo) == clock.now
    assert brief.incident.place == "Chung cư Giả Định"


async def test_the_brief_counts_the_people_of_the_building(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """By dwelling, floor and unit; the sum is as old as its oldest part and a lower bound."""
    await operations.take_premises(uuid4(), premises())
    counted = [
        ("d-302", {"floor": 3, "unit": "302", "registered": 4, "needs": [(INFANT, 1)]}),
        ("d-101", {"floor": 1, "unit": "101", "registered": 2, "as_of": NIGHT - 9 * HOUR}),
        ("d-301", {"floor": 3, "unit": "301", "registered": 0}),
        ("d-201", {"floor": 2, "unit": "201", "registered": 3, "needs": [(MOBILITY, 2)]}),
        ("elsewhere", {"building_id": "building-2", "registered": 9}),
    ]
    for dwelling_id, fields in counted:
        await operations.take_occupancy(uuid4(), occupancy(dwelling_id, **fields))
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert [one.dwelling.dwelling_id for one in brief.dwellings] == [
        "d-101",
        "d-201",
        "d-301",
        "d-302",
    ]
    assert brief.dwellings[3] == occupancy_message("d-302", **counted[0][1])
    assert brief.people.registered == 9
    assert brief.people.age_bands.from_16_to_59 == 9
    assert {need.type: need.count for need in brief.people.assistance} == {MOBILITY: 2, INFANT: 1}
    assert brief.people.provenance == pb.Provenance(
        source="residency", as_of=stamp(NIGHT - 9 * HOUR), lower_bound=True, age_s=9 * 3600
    )


async def test_detectors_are_told_in_the_order_in_which_they_saw_the_fire(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Where it started and where it spread, whatever order the news came in."""
    later = {"device_id": "TB-0002", "zone_name": "Hành lang", "floor": 3, "value": 0.2}
    incident = await raise_alarm(
        operations, queries, "spread", raised_at=stamp(NIGHT - timedelta(seconds=20)), **later
    )
    start = alarm_message("start", raised_at=stamp(NIGHT - timedelta(seconds=80)))
    await operations.take_raised_alarm(uuid4(), alarm_of(start))
    start.restored_at.CopyFrom(stamp(NIGHT))
    start.version = 2
    await operations.take_changed_alarm(uuid4(), alarm_of(start))
    brief = await brief_of(queries, incident.incident_id, clock)

    assert list(brief.detectors) == [
        pb.DetectorInAlarm(
            alarm_id="start",
            device_id="TB-0001",
            device_known=True,
            zone_name="Bếp",
            floor=2,
            kind=fire.ALARM_KIND_SMOKE,
            raised_at=stamp(NIGHT - timedelta(seconds=80)),
            value=0.09,
            restored=True,
        ),
        pb.DetectorInAlarm(
            alarm_id="spread",
            device_id="TB-0002",
            device_known=True,
            zone_name="Hành lang",
            floor=3,
            kind=fire.ALARM_KIND_SMOKE,
            raised_at=stamp(NIGHT - timedelta(seconds=20)),
            value=0.2,
        ),
    ]


async def test_devices_that_cannot_be_relied_on_are_told(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Those of the premises, while their trouble lasts."""
    ended = trouble_message("ended", device_id="TB-0003", state=fire.ALARM_STATE_RESET)
    over = trouble_message("over", device_id="TB-0004", restored_at=stamp(NIGHT))
    elsewhere = trouble_message("elsewhere", device_id="TB-0005", premises_id="premises-2")
    lost = trouble_message("lost", raised_at=stamp(NIGHT - HOUR))
    await operations.take_premises(uuid4(), premises())
    for one in (ended, over, elsewhere, lost):
        await operations.take_raised_alarm(uuid4(), alarm_of(one))
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert list(brief.devices_in_trouble) == [
        pb.DeviceTrouble(
            device_id="TB-0099",
            zone_name="Bếp",
            floor=2,
            kind=fire.ALARM_KIND_SUPERVISION_LOST,
            since=stamp(NIGHT - HOUR),
        )
    ]


async def test_devices_in_trouble_are_told_before_their_premises_are(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """What fire-safety told of the devices does not wait for what it tells of the place."""
    await operations.take_raised_alarm(uuid4(), alarm_of(trouble_message("lost")))
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert [one.device_id for one in brief.devices_in_trouble] == ["TB-0099"]


async def test_the_brief_tells_who_was_told(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """As functions, in order."""
    incident = await raise_alarm(operations, queries)
    clock.advance(300)
    await operations.escalate_due()
    brief = await brief_of(queries, incident.incident_id, clock)

    assert list(brief.notifications) == [
        pb.Notification(recipient="duty_officer", channel="console", sent_at=stamp(NIGHT)),
        pb.Notification(
            recipient="deputy_duty_officer", channel="console", sent_at=stamp(clock.now), step=1
        ),
    ]


async def test_an_unknown_place_has_a_brief_too(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """With what is known; nobody is said to be absent."""
    incident = await raise_alarm(operations, queries, premises_id="", device_known=False)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert not brief.HasField("premises")
    assert not brief.HasField("premises_provenance")
    assert len(brief.detectors) == 1
    assert not brief.detectors[0].device_known
    assert brief.people.provenance.lower_bound
    assert not brief.people.provenance.HasField("as_of")
    assert list(brief.devices_in_trouble) == []


async def test_premises_where_nobody_lives_borrow_no_dwellings(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Dwellings of no building are not those of premises without one."""
    await operations.take_premises(uuid4(), premises(building_id=""))
    await operations.take_occupancy(uuid4(), occupancy(building_id=""))
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert list(brief.dwellings) == []


async def test_the_brief_follows_the_newest_state(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """A hazard reported while the incident is open is told with the next look."""
    await operations.take_premises(uuid4(), premises())
    incident = await raise_alarm(operations, queries)
    newest = premises_message(version=2, hazards=[fire.Hazard(description="xe điện đang sạc")])
    await operations.take_premises(uuid4(), premises(version=2, hazards=list(newest.hazards)))
    brief = await brief_of(queries, incident.incident_id, clock)

    assert [hazard.description for hazard in brief.premises.hazards] == ["xe điện đang sạc"]


async def test_a_brief_of_the_largest_building_is_one_statement(
    operations: Operations, queries: Queries, clock: StoppedClock
) -> None:
    """Three hundred dwellings, each told, and nothing that names a resident."""
    await operations.take_premises(uuid4(), premises(contacts=[]))
    for number in range(300):
        floor, unit = number // 20 + 1, f"{number // 20 + 1:02d}{number % 20 + 1:02d}"
        told = occupancy(f"d-{number}", floor=floor, unit=unit, needs=[(MOBILITY, 1)])
        await operations.take_occupancy(uuid4(), told)
    incident = await raise_alarm(operations, queries)
    brief = await brief_of(queries, incident.incident_id, clock)

    assert brief.people.registered == 900
    assert [one.dwelling.unit for one in brief.dwellings] == sorted(
        one.dwelling.unit for one in brief.dwellings
    )
    assert "name" not in MessageToJson(brief.people).lower()


async def test_an_unknown_incident_has_no_brief(queries: Queries) -> None:
    """Without telling more."""
    with pytest.raises(IncidentNotFoundError):
        await queries.brief(uuid4())


async def test_a_plan_that_was_made_for_an_empty_ward_reads_no_whole_table_of_a_full_one(
    operations: Operations, queries: Queries, test_database: TestDatabase
) -> None:
    """Briefs are planned once for each connection, which may be when nothing was told yet."""
    await operations.take_premises(uuid4(), premises())
    incident = await raise_alarm(operations, queries)
    database = Database.connect(test_database.url, pool_size=1, plans_kept=True)
    briefs = BriefQueries(database)
    await briefs.brief(incident.incident_id)
    for number in range(200):
        await operations.take_occupancy(uuid4(), occupancy(f"d-{number}", unit=f"{number}"))
    before = await tables_read_whole(database)
    brief = await briefs.brief(incident.incident_id)

    assert len(brief.dwellings) == 200
    assert await tables_read_whole(database) == before
    await database.close()


async def tables_read_whole(database: Database) -> dict[str, int]:
    """Tell how often each table was read from its first row to its last."""
    async with database.statements() as tx:
        await tx.execute(text("select pg_stat_force_next_flush()"))
        scans = "select relname, seq_scan from pg_stat_user_tables where seq_scan > 0"
        return {row.relname: row.seq_scan for row in await tx.execute(text(scans))}
