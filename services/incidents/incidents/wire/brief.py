"""The rescue brief as the contract tells it."""

from collections import Counter
from datetime import datetime

from incidents.domain.briefs import Brief
from incidents.domain.escalation import Notification
from incidents.domain.people import Headcount, PeopleEstimate, Provenance, estimate, provenance
from incidents.wire.incidents import incident_message, moment, timestamp
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2
from ward.residency.v1 import residency_pb2


def brief_message(brief: Brief, now: datetime) -> incidents_pb2.RescueBrief:
    """Write the brief; every age is counted at `now`."""
    dwellings = [residency_pb2.DwellingOccupancy.FromString(told) for told in brief.dwellings]
    written = incidents_pb2.RescueBrief(
        incident=incident_message(brief.incident),
        generated_at=timestamp(now),
        detectors=[_detector(fire_safety_pb2.Alarm.FromString(told)) for told in brief.alarms],
        dwellings=dwellings,
        people=_people(estimate([_headcount(dwelling) for dwelling in dwellings], now)),
        devices_in_trouble=[
            _trouble(fire_safety_pb2.Alarm.FromString(told)) for told in brief.troubles
        ],
        notifications=[_notification(told) for told in brief.notifications],
    )
    if brief.premises is not None:
        written.premises.ParseFromString(brief.premises)
        age = provenance("fire-safety", brief.premises_as_of, now)
        written.premises_provenance.CopyFrom(_provenance(age))
    return written


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


def _headcount(dwelling: residency_pb2.DwellingOccupancy) -> Headcount:
    bands = dwelling.age_bands
    assistance: Counter[int] = Counter()
    for need in dwelling.assistance:
        assistance[need.type] += need.count
    return Headcount(
        registered=dwelling.registered,
        age_bands=(
            bands.under_6,
            bands.from_6_to_15,
            bands.from_16_to_59,
            bands.from_60_to_74,
            bands.from_75,
        ),
        assistance=assistance,
        as_of=moment(dwelling.as_of) if dwelling.HasField("as_of") else None,
        absent=dwelling.absent,
        lodging=dwelling.lodging,
        foreign=dwelling.foreign,
        standing=dwelling.standing,
    )


def _people(people: PeopleEstimate) -> incidents_pb2.PeopleEstimate:
    under_6, from_6_to_15, from_16_to_59, from_60_to_74, from_75 = people.age_bands
    return incidents_pb2.PeopleEstimate(
        registered=people.registered,
        age_bands=residency_pb2.AgeBands(
            under_6=under_6,
            from_6_to_15=from_6_to_15,
            from_16_to_59=from_16_to_59,
            from_60_to_74=from_60_to_74,
            from_75=from_75,
        ),
        assistance=[
            residency_pb2.AssistanceCount(
                type=residency_pb2.AssistanceType.ValueType(need), count=count
            )
            for need, count in people.assistance.items()
        ],
        provenance=_provenance(people.provenance),
        absent=people.absent,
        lodging=people.lodging,
        foreign=people.foreign,
        standing=people.standing,
        # What a message says that was stored before these numbers were told apart adds up as well.
        present=people.present,
    )


def _provenance(told: Provenance) -> incidents_pb2.Provenance:
    return incidents_pb2.Provenance(
        source=told.source,
        as_of=timestamp(told.as_of),
        lower_bound=told.lower_bound,
        age_s=told.age_s,
    )


def _notification(told: Notification) -> incidents_pb2.Notification:
    return incidents_pb2.Notification(
        recipient=told.recipient,
        channel=told.channel,
        sent_at=timestamp(told.sent_at),
        step=told.step,
    )
