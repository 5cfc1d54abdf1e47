"""Alarms, premises and occupancies of a ward that does not exist, and what tests read from the database."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from nats.aio.client import Client
from sqlalchemy import Table, select, text

from chassis.broker.messages import Envelope, subject_of
from chassis.clock import Clock
from chassis.sealing import Seal
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from incidents import tables
from incidents.domain.duty.deliveries import Message as Told
from incidents.domain.duty.deliveries import Outgoing
from incidents.domain.duty.roster import ContactChannel
from incidents.domain.incidents.alarms import Alarm
from incidents.domain.incidents.incident import Disposition, Incident
from incidents.domain.incidents.requests import Acknowledgement, Assignment, Closure, Listing
from incidents.domain.places import Occupancy, Premises
from incidents.domain.reports.sealing import ReportSeal
from incidents.operations.alarms import AlarmEvent, AlarmOperations
from incidents.operations.deadlines import DeadlineOperations
from incidents.operations.escalation import EscalationOperations
from incidents.operations.incidents import IncidentOperations
from incidents.operations.lifecycle import LifecycleOperations
from incidents.operations.projections import ProjectionOperations
from incidents.operations.upkeep import UpkeepOperations
from incidents.queries.briefs import BriefQueries
from incidents.queries.catalogue import CatalogueQueries
from incidents.queries.deadlines import DeadlineQueries
from incidents.queries.incidents import IncidentQueries
from incidents.queries.lifecycle import LifecycleQueries
from incidents.queries.timers import TimerQueries
from incidents.wire import inbound
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.residency.v1 import residency_pb2 as residency

NIGHT = datetime(2026, 1, 5, 19, 14, tzinfo=UTC)  # 02:14 in the ward
OFFICER = "demo-duty-officer"
REPORT_KEY, FOLLOW_UP_KEY = b"r" * 32, b"f" * 32
CONTENT_SEAL = Seal([REPORT_KEY], os.urandom)
SEAL = ReportSeal(CONTENT_SEAL, FOLLOW_UP_KEY)


class Operations(
    AlarmOperations,
    ProjectionOperations,
    IncidentOperations,
    LifecycleOperations,
    EscalationOperations,
    DeadlineOperations,
    UpkeepOperations,
):
    """All operations in one, for tests that tell a story across them."""

    async def take_raised_alarm(self, event_id: UUID, raised: Alarm) -> None:
        """Take one alarm."""
        await self.take_raised_alarms([AlarmEvent(event_id, raised)])

    async def take_changed_alarm(self, event_id: UUID, changed: Alarm) -> None:
        """Take what changed of one alarm."""
        await self.take_changed_alarms([AlarmEvent(event_id, changed)])

    async def take_occupancy(self, event_id: UUID, counted: Occupancy) -> None:
        """Take the count of one dwelling."""
        await self.take_occupancies([(event_id, counted)])


class Queries(
    IncidentQueries,
    BriefQueries,
    LifecycleQueries,
    DeadlineQueries,
    CatalogueQueries,
    TimerQueries,
):
    """All queries in one."""


@dataclass
class StoppedClock:
    """A clock that stands still until it is moved."""

    now: datetime = NIGHT

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def stamp(moment: datetime) -> Timestamp:
    """Write a moment."""
    written = Timestamp()
    written.FromDatetime(moment)
    return written


def envelope(
    event: Message, stored_at: datetime = NIGHT, event_id: UUID | None = None
) -> Envelope:
    """Wrap an event as the consumer gets it."""
    return Envelope(
        event_id or uuid4(),
        subject_of(event),
        event.SerializeToString(),
        "request-0001",
        stored_at,
    )


def alarm_message(alarm_id: str = "", **fields: Any) -> fire.Alarm:
    """Make an alarm of a known smoke detector; every field may be said otherwise."""
    said = {
        "alarm_id": alarm_id or str(uuid4()),
        "ward_code": "11002",
        "device_id": "TB-0001",
        "device_known": True,
        "premises_id": "premises-1",
        "zone_id": "zone-1",
        "zone_name": "Bếp",
        "floor": 2,
        "signal_class": fire.SIGNAL_CLASS_ALARM,
        "kind": fire.ALARM_KIND_SMOKE,
        "state": fire.ALARM_STATE_ACTIVE,
        "raised_at": stamp(NIGHT),
        "value": 0.09,
        "threshold": 0.05,
        "version": 1,
    }
    return fire.Alarm(**{**said, **fields})


def trouble_message(alarm_id: str = "", **fields: Any) -> fire.Alarm:
    """Make a trouble signal of a known detector."""
    said = {
        "device_id": "TB-0099",
        "signal_class": fire.SIGNAL_CLASS_TROUBLE,
        "kind": fire.ALARM_KIND_SUPERVISION_LOST,
        "value": 0,
    }
    return alarm_message(alarm_id, **{**said, **fields})


def alarm_of(message: fire.Alarm) -> Alarm:
    """Read an alarm as the consumer does."""
    return inbound.read_alarm(envelope(fire.AlarmRaised(alarm=message)))


def alarm(alarm_id: str = "", **fields: Any) -> Alarm:
    """Make an alarm of a known smoke detector, as the domain sees it."""
    return alarm_of(alarm_message(alarm_id, **fields))


def premises_message(premises_id: str = "premises-1", **fields: Any) -> fire.Premises:
    """Make premises in which people live."""
    said = {
        "premises_id": premises_id,
        "ward_code": "11002",
        "code": "CS-0001",
        "name": "Chung cư Giả Định",
        "kind": fire.PREMISES_KIND_APARTMENT_BUILDING,
        "address": "số 1 phố Thử Nghiệm",
        "building_id": "building-1",
        "storeys": 5,
        "hazards": [fire.Hazard(description="bình gas", location="tầng 1", quantity="12 bình")],
        "access": fire.SiteAccess(width_m=3.5, shut_offs="cầu dao tổng ở sảnh"),
        "contacts": [
            fire.Contact(function="người đứng đầu cơ sở", name="Giả Định", phone="0100 000 001")
        ],
        "zones": [fire.Zone(zone_id="zone-1", name="Bếp", floor=2)],
        "version": 1,
    }
    return fire.Premises(**{**said, **fields})


def premises(
    premises_id: str = "premises-1", stored_at: datetime = NIGHT, **fields: Any
) -> Premises:
    """Make premises, as the domain sees them."""
    event = fire.PremisesChanged(premises=premises_message(premises_id, **fields))
    return inbound.read_premises(envelope(event, stored_at))


def occupancy_message(
    dwelling_id: str = "dwelling-1",
    *,
    floor: int = 1,
    unit: str = "101",
    registered: int = 3,
    absent: int = 0,
    lodging: int = 0,
    needs: Sequence[tuple[residency.AssistanceType.ValueType, int]] = (),
    as_of: datetime = NIGHT,
    version: int = 1,
    building_id: str = "building-1",
) -> residency.DwellingOccupancy:
    """Make the count of a dwelling; everybody in it is between 16 and 59."""
    return residency.DwellingOccupancy(
        dwelling=residency.Dwelling(
            dwelling_id=dwelling_id,
            building_id=building_id,
            ward_code="11002",
            residential_group=7,
            address="số 1 phố Thử Nghiệm",
            floor=floor,
            unit=unit,
        ),
        registered=registered,
        absent=absent,
        lodging=lodging,
        age_bands=residency.AgeBands(from_16_to_59=registered - absent + lodging),
        assistance=[residency.AssistanceCount(type=need, count=count) for need, count in needs],
        as_of=stamp(as_of),
        version=version,
    )


def occupancy(dwelling_id: str = "dwelling-1", **fields: Any) -> Occupancy:
    """Make the count of a dwelling, as the domain sees it."""
    event = residency.OccupancyChanged(occupancy=occupancy_message(dwelling_id, **fields))
    return inbound.read_occupancy(envelope(event))


def outgoing(address: str) -> Outgoing:
    """Make an e-mail whose time has come."""
    return Outgoing(uuid4(), 1, ContactChannel.EMAIL, address, Told("[P2] Báo cháy", "Báo cháy."))


def operations(database: Database, clock: Clock) -> Operations:
    """Make the operations, with a relay that is not running."""
    return Operations(database, relay(database, clock), clock)


def relay(database: Database, clock: Clock) -> Relay:
    """Make a relay that is not running: what is published stays in the outbox."""
    return Relay(database, tables.outbox, Client().jetstream(), clock)


def acknowledgement(incident_id: UUID, request_id: str = "") -> Acknowledgement:
    """Ask to take an incident on."""
    return Acknowledgement(incident_id, OFFICER, request_id or str(uuid4()), b"acknowledge")


def assignment(incident_id: UUID, request_id: str = "", assignee: str = "Tổ 1") -> Assignment:
    """Ask to give a task."""
    return Assignment(
        incident_id, OFFICER, request_id or str(uuid4()), b"assign", assignee, "kiểm tra tầng 2"
    )


def closure(incident_id: UUID, request_id: str = "") -> Closure:
    """Ask to end an incident."""
    return Closure(
        incident_id,
        OFFICER,
        request_id or str(uuid4()),
        b"close",
        Disposition.NUISANCE,
        "khói nấu ăn",
    )


async def raise_alarm(
    operations: Operations, queries: Queries, alarm_id: str = "", **fields: Any
) -> Incident:
    """Raise an alarm and tell the incident it came to."""
    raised = alarm(alarm_id, **fields)
    await operations.take_raised_alarm(uuid4(), raised)
    return await incident_with(queries, raised.alarm_id)


async def incident_with(queries: Queries, alarm_id: str) -> Incident:
    """Tell the incident that an alarm belongs to, of the newest ones."""
    page = await queries.page(Listing(open_only=False, premises_id="", size=500, after=None))
    (incident,) = (
        one for one in page.incidents if alarm_id in [member.alarm_id for member in one.members]
    )
    return incident


async def rows(database: Database, table: Table, *order: str) -> list[Any]:
    """Read a whole table, in order of its columns named or of its primary key."""
    columns = [table.c[name] for name in order] or list(table.primary_key)
    async with database.transaction() as tx:
        return list((await tx.execute(select(table).order_by(*columns))).all())


async def events(database: Database) -> list[str]:
    """Name the events in the outbox, in order."""
    waiting = await rows(database, tables.outbox, "position")
    return [row.subject.rpartition(".")[2] for row in waiting]


async def waits_for_a_lock(database: Database) -> None:
    """Return when a transaction of this database waits for another."""
    asked = text(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(30):
        while True:
            async with database.transaction() as tx:
                if await tx.scalar(asked):
                    return
