"""The lanes of events from the other services: fires, other alarms, and who is inside."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from chassis.broker.consumer import EventConsumer
from chassis.broker.jetstream import EVENTS
from chassis.lifecycle import Lifecycle
from chassis.service import Base
from chassis.storage.database import Database
from incidents.consumers.lanes import ALARM_LANE, FIRE_LANE, OCCUPANCY_LANE, Consumers
from incidents.domain.rescue.people import FIRE_SAFETY, RESIDENCY
from incidents.operations.alarms import AlarmOperations
from incidents.operations.incidents import IncidentOperations
from incidents.operations.projections import ProjectionOperations


def start_lanes(
    life: Lifecycle, base: Base, urgent: Database
) -> Mapping[str, Sequence[Callable[[], datetime | None]]]:
    """Have events taken in; tell for each source since when its events wait, in each lane that hears it."""
    ward_code = base.settings.ward_code
    consumers = Consumers(
        ward_code,
        AlarmOperations(urgent, base.relay, base.clock),
        ProjectionOperations(base.database, base.clock),
        IncidentOperations(base.database, base.relay, base.clock),
    )
    one_lane = (f"incidents-{ward_code}", "incidents")
    waits_since = defaultdict[str, list[Callable[[], datetime | None]]](list)
    for source, name, formerly, handlers, of_many in (
        (
            FIRE_SAFETY,
            FIRE_LANE,
            one_lane,
            consumers.of_fire_lane(),
            consumers.of_fires_at_once(),
        ),
        (
            FIRE_SAFETY,
            ALARM_LANE,
            one_lane,
            consumers.of_alarm_lane(),
            consumers.of_alarms_at_once(),
        ),
        (RESIDENCY, OCCUPANCY_LANE, (OCCUPANCY_LANE,), {}, consumers.of_occupancy_at_once()),
    ):
        consumer = EventConsumer(
            base.broker,
            base.jetstream,
            f"{name}-{ward_code}",
            str(EVENTS.name),
            handlers,
            formerly,
            of_many,
        )
        life.background(name, consumer.run())
        waits_since[source].append(consumer.waits_since)
    return waits_since
