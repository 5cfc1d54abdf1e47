"""What several parts of a brief are made of: people, provenance, work."""

from collections import Counter
from datetime import time

from incidents.domain.rescue.people import Headcount, PeopleEstimate, Provenance
from incidents.domain.rescue.presence import Workplace
from incidents.wire.incidents import moment, timestamp
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import incidents_pb2
from ward.residency.v1 import residency_pb2


def workplace(premises: fire_safety_pb2.Premises) -> Workplace | None:
    """Read who works there and when; None where that was not declared, or cannot be read."""
    if not premises.HasField("workplace"):
        return None
    told = premises.workplace
    try:
        opens_at, closes_at = time.fromisoformat(told.opens_at), time.fromisoformat(told.closes_at)
    except ValueError:
        return None
    days = frozenset(told.weekdays)
    return Workplace(opens_at, closes_at, days, told.persons, told.persons_off_hours)


def headcount(dwelling: residency_pb2.DwellingOccupancy) -> Headcount:
    """Read how many are counted in a dwelling."""
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


def people_message(people: PeopleEstimate) -> incidents_pb2.PeopleEstimate:
    """Write a sum over dwellings."""
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
        provenance=provenance_message(people.provenance),
        absent=people.absent,
        lodging=people.lodging,
        foreign=people.foreign,
        standing=people.standing,
        # What a message says that was stored before these numbers were told apart adds up as well.
        present=people.present,
    )


def provenance_message(told: Provenance) -> incidents_pb2.Provenance:
    """Write where a number comes from."""
    return incidents_pb2.Provenance(
        source=told.source,
        as_of=timestamp(told.as_of),
        lower_bound=told.lower_bound,
        age_s=told.age_s,
        stale=told.stale,
    )
