"""What the service has told of alarms."""

from collections.abc import Iterable
from typing import NamedTuple

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig
from sqlalchemy import func, select

from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.wire.alarms import CHANGE_SUBJECTS
from tests.fire_safety.field import until
from ward.fire_safety.v1 import fire_safety_pb2 as pb

_AT_ONCE = 1000


class Told(NamedTuple):
    """An event: the name of its message, and the alarm as it then was."""

    name: str
    alarm: pb.Alarm


async def alarm_events(broker: Client) -> list[Told]:
    """Read all events of alarms from the stream, oldest first."""
    stream = broker.jetstream()
    config = ConsumerConfig(ack_policy=AckPolicy.NONE, filter_subjects=list(CHANGE_SUBJECTS))
    consumer = await stream.add_consumer("EVENTS", config)
    subscription = await stream.pull_subscribe_bind(consumer.name, "EVENTS")
    found: list[Told] = []
    while len(found) < consumer.num_pending:
        for message in await subscription.fetch(_AT_ONCE, timeout=30):
            name = message.subject.rpartition(".")[2]
            found.append(Told(name, getattr(pb, name).FromString(message.data).alarm))
    await subscription.unsubscribe()
    await stream.delete_consumer("EVENTS", consumer.name)
    return found


async def until_all_told(database: Database) -> None:
    """Wait until a service that runs has published every event that waits in the outbox."""

    async def none_waits() -> bool:
        async with database.transaction() as tx:
            return not await tx.scalar(select(func.count()).select_from(tables.outbox))

    await until(none_waits)


def names_of(told: Iterable[Told]) -> list[str]:
    """Tell the names alone."""
    return [one.name for one in told]
