"""The rescue brief as the contract tells it."""

from collections.abc import Sequence
from datetime import datetime

from chassis.clock import ward_day
from incidents.domain.rescue.brief import Brief
from incidents.domain.rescue.people import (
    FIRE_SAFETY,
    PeopleEstimate,
    Provenance,
    estimate,
    provenance,
)
from incidents.domain.rescue.presence import Period, period_at, presence
from incidents.domain.rules.escalation import Notification
from incidents.wire import brief_parts as parts
from incidents.wire import surroundings
from incidents.wire.incidents import incident_message, moment, timestamp
from ward.fire_safety.v1 import fire_safety_pb2, modes_pb2
from ward.incidents.v1 import incidents_pb2
from ward.residency.v1 import residency_pb2

_FALSE = frozenset(
    {
        fire_safety_pb2.DISPOSITION_NUISANCE,
        fire_safety_pb2.DISPOSITION_FAULT,
        fire_safety_pb2.DISPOSITION_MALICIOUS,
    }
)
_LAST_FALSE_ALARMS = 5


def brief_message(
    brief: Brief, now: datetime, silent: frozenset[str] = frozenset()
) -> incidents_pb2.RescueBrief:
    """Write the brief; every age is counted at `now`, and `silent` names the sources that do not answer."""
    dwellings = [residency_pb2.DwellingOccupancy.FromString(told) for told in brief.dwellings]
    alarms = [fire_safety_pb2.Alarm.FromString(told) for told in brief.alarms]
    premises = fire_safety_pb2.Premises.FromString(brief.premises or b"")
    people = estimate([parts.headcount(dwelling) for dwelling in dwellings], now, silent)
    declared = provenance(FIRE_SAFETY, brief.premises_as_of, now, silent)
    period = period_at(brief.rules, now)
    return incidents_pb2.RescueBrief(
        incident=incident_message(brief.incident),
        generated_at=timestamp(now),
        premises=None if brief.premises is None else premises,
        premises_provenance=None if brief.premises is None else parts.provenance_message(declared),
        detectors=[_detector(alarm) for alarm in alarms],
        dwellings=dwellings,
        people=parts.people_message(people),
        devices_in_trouble=[
            _trouble(fire_safety_pb2.Alarm.FromString(told)) for told in brief.troubles
        ],
        notifications=[_notification(told) for told in brief.notifications],
        presence=_presence(premises, people, declared, period, now),
        neighbours=surroundings.neighbour_messages(brief, dwellings, alarms, now, silent),
        supply_points=surroundings.supply_point_messages(brief, premises, now, silent),
        device_modes=modes_in_force(brief.modes, now),
        false_alarms=_false_alarms(brief.ended_alarms),
        inspection_overdue="" < premises.inspection_due_on < ward_day(now).isoformat(),
        fingerprint=brief.fingerprint(period, sorted(silent)),
    )


def _presence(
    premises: fire_safety_pb2.Premises,
    people: PeopleEstimate,
    declared: Provenance,
    period: Period,
    now: datetime,
) -> incidents_pb2.PresenceEstimate:
    workplace = parts.workplace(premises)
    return incidents_pb2.PresenceEstimate(
        period=incidents_pb2.PresencePeriod.Value(f"PRESENCE_PERIOD_{period}"),
        numbers=[
            incidents_pb2.PresenceNumber(
                kind=incidents_pb2.PresenceKind.Value(f"PRESENCE_KIND_{number.kind}"),
                count=number.count,
                bound=incidents_pb2.Bound.Value(f"BOUND_{number.bound}"),
                provenance=parts.provenance_message(number.provenance),
            )
            for number in presence(people, workplace, declared, period, now)
        ],
    )


def modes_in_force(told: Sequence[bytes], now: datetime) -> list[modes_pb2.DeviceMode]:
    """Leave out what has ended by itself, though nobody has told so yet."""
    modes = map(modes_pb2.DeviceMode.FromString, told)
    return [mode for mode in modes if moment(mode.ends_at) > now]


def _false_alarms(ended: Sequence[bytes]) -> list[incidents_pb2.FalseAlarm]:
    """Write the newest of those that were no fire, and no test or drill."""
    alarms = map(fire_safety_pb2.Alarm.FromString, ended)
    return [
        incidents_pb2.FalseAlarm(
            device_id=alarm.device_id,
            zone_name=alarm.zone_name,
            kind=alarm.kind,
            raised_at=alarm.raised_at,
            disposition=alarm.disposition,
        )
        for alarm in alarms
        if alarm.disposition in _FALSE
    ][:_LAST_FALSE_ALARMS]


def _detector(alarm: fire_safety_pb2.Alarm) -> incidents_pb2.DetectorInAlarm:
    return incidents_pb2.DetectorInAlarm(
        alarm_id=alarm.alarm_id,
        device_id=alarm.device_id,
        device_known=alarm.device_known,
        zone_name=alarm.zone_name,
        floor=alarm.floor,
        kind=alarm.kind,
        raised_at=alarm.raised_at if alarm.HasField("raised_at") else None,
        value=alarm.value,
        restored=alarm.HasField("restored_at"),
    )


def _trouble(alarm: fire_safety_pb2.Alarm) -> incidents_pb2.DeviceTrouble:
    return incidents_pb2.DeviceTrouble(
        device_id=alarm.device_id,
        zone_name=alarm.zone_name,
        floor=alarm.floor,
        kind=alarm.kind,
        since=alarm.raised_at if alarm.HasField("raised_at") else None,
    )


def _notification(told: Notification) -> incidents_pb2.Notification:
    return incidents_pb2.Notification(
        recipient=told.recipient,
        channel=told.channel,
        sent_at=timestamp(told.sent_at),
        step=told.step,
    )
