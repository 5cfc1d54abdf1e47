"""Events of fire-safety and residency in: decoded, and each given to one operation.

Occupancy has a lane of its own, so that an alarm never waits behind a census: a first import or a recount tells every
dwelling at once. So have fires, with the premises that must be known before it burns there: a power cut loses a
thousand detectors within seconds, and brings them back. An event says of which class an alarm is inside only, so that
the lanes of fires and of alarms both hear what was raised, and each lets pass what is the other's.

On a cluster that wards share each has lanes of its own, and lets what another ward's services tell pass.
"""

from collections.abc import Iterable, Mapping, Sequence

from chassis.broker.consumer import Handler, HandlerOfMany
from chassis.broker.messages import Envelope, subject_of
from chassis.errors import InvalidMessageError
from incidents.domain.incidents.alarms import SignalClass
from incidents.domain.incidents.incident import IncidentNotFoundError
from incidents.operations.alarms import AlarmEvent, AlarmOperations
from incidents.operations.incidents import IncidentOperations
from incidents.operations.projections import ProjectionOperations
from incidents.wire import inbound
from incidents.wire.occupants import GLASS_BROKEN, glass_broken
from ward.fire_safety.v1 import areas_pb2, fire_safety_pb2, modes_pb2, supply_points_pb2
from ward.residency.v1 import residency_pb2

# Their names at the broker are these with the ward's code behind.
FIRE_LANE = "incidents-fires"
ALARM_LANE = "incidents-alarms"
OCCUPANCY_LANE = "incidents-occupancy"


class Consumers:
    """The handlers of the lanes, by subject."""

    def __init__(
        self,
        ward_code: str,
        alarms: AlarmOperations,
        projections: ProjectionOperations,
        incidents: IncidentOperations,
    ) -> None:
        self._ward_code = ward_code
        self._alarms = alarms
        self._projections = projections
        self._incidents = incidents

    def of_fire_lane(self) -> Mapping[str, Handler]:
        """Give the handler of what must be known before it burns."""
        return {subject_of(fire_safety_pb2.PremisesChanged): self._on_premises}

    def of_fires_at_once(self) -> Mapping[str, HandlerOfMany]:
        """Give the handler of alarms that call for an incident: when a whole block burns, many come at once."""
        return {subject_of(fire_safety_pb2.AlarmRaised): self._on_fires}

    def of_alarm_lane(self) -> Mapping[str, Handler]:
        """Give the handlers of the surroundings of premises, and of what is told of an incident itself."""
        return {
            subject_of(modes_pb2.DeviceModeSet): self._on_device_mode,
            subject_of(modes_pb2.DeviceModeEnded): self._on_device_mode,
            subject_of(supply_points_pb2.SupplyPointChanged): self._on_supply_point,
            subject_of(areas_pb2.MutualAidGroupChanged): self._on_mutual_aid_group,
            GLASS_BROKEN: self._on_glass_broken,
        }

    def of_alarms_at_once(self) -> Mapping[str, HandlerOfMany]:
        """Give the handlers of all else that is told of alarms: of a thousand detectors when the power comes back."""
        return {
            subject_of(fire_safety_pb2.AlarmRaised): self._on_conditions,
            subject_of(fire_safety_pb2.AlarmAcknowledged): self._on_changed,
            subject_of(fire_safety_pb2.AlarmRestored): self._on_changed,
            subject_of(fire_safety_pb2.AlarmReset): self._on_changed,
        }

    def of_occupancy_at_once(self) -> Mapping[str, HandlerOfMany]:
        """Give the handler of occupancy: a census tells every dwelling at once, and alarms share the processor."""
        return {subject_of(residency_pb2.OccupancyChanged): self._on_occupancy}

    async def _on_fires(self, envelopes: Sequence[Envelope]) -> None:
        await self._take_raised(one for one in self._told(envelopes) if _is_fire(one))

    async def _on_conditions(self, envelopes: Sequence[Envelope]) -> None:
        await self._take_raised(one for one in self._told(envelopes) if not _is_fire(one))

    async def _take_raised(self, raised: Iterable[AlarmEvent]) -> None:
        if ours := list(raised):
            await self._alarms.take_raised_alarms(ours)

    async def _on_changed(self, envelopes: Sequence[Envelope]) -> None:
        await self._alarms.take_changed_alarms(self._told(envelopes))

    def _told(self, envelopes: Sequence[Envelope]) -> list[AlarmEvent]:
        told = [
            AlarmEvent(one.event_id, inbound.read_alarm(one), one.request_id) for one in envelopes
        ]
        return [one for one in told if self._is_ours(one.alarm.ward_code)]

    async def _on_premises(self, envelope: Envelope) -> None:
        premises = inbound.read_premises(envelope)
        if self._is_ours(premises.ward_code):
            await self._projections.take_premises(envelope.event_id, premises)

    async def _on_device_mode(self, envelope: Envelope) -> None:
        mode = inbound.read_device_mode(envelope)
        if self._is_ours(mode.ward_code):
            await self._projections.take_device_mode(envelope.event_id, mode)

    async def _on_supply_point(self, envelope: Envelope) -> None:
        point = inbound.read_supply_point(envelope)
        if self._is_ours(point.ward_code):
            await self._projections.take_supply_point(envelope.event_id, point)

    async def _on_mutual_aid_group(self, envelope: Envelope) -> None:
        group = inbound.read_mutual_aid_group(envelope)
        if self._is_ours(group.ward_code):
            await self._projections.take_mutual_aid_group(envelope.event_id, group)

    async def _on_glass_broken(self, envelope: Envelope) -> None:
        broken = glass_broken(envelope)
        if not self._is_ours(broken.ward_code):
            return
        try:
            await self._incidents.take_glass_broken(envelope.event_id, broken)
        except IncidentNotFoundError as error:
            raise InvalidMessageError("unknown_incident") from error

    async def _on_occupancy(self, envelopes: Sequence[Envelope]) -> None:
        counted = [(one.event_id, inbound.read_occupancy(one)) for one in envelopes]
        await self._projections.take_occupancies(
            [one for one in counted if self._is_ours(one[1].ward_code)]
        )

    def _is_ours(self, ward_code: str) -> bool:
        """Tell whether an event is of our ward; one that does not say so might be."""
        return ward_code in ("", self._ward_code)


def _is_fire(told: AlarmEvent) -> bool:
    """Tell whether it calls for an incident."""
    return told.alarm.signal_class is SignalClass.ALARM
