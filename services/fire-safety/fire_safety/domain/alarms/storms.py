"""Storms: many premises alarm at once, as no fire spreads; to be shown, and never a reason to drop anything."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True)
class StormPolicy:
    """When a storm begins: so many premises with new fire alarms `within_s`; and ends: fewer within `calm_s`."""

    version: int
    begins_at_premises: int
    within_s: int
    ends_below_premises: int
    calm_s: int


@dataclass(frozen=True)
class Storm:
    """A time when many premises alarmed at once; `ended_at` is None while it is on.

    `most_premises` is how many had new fire alarms, at the most, within the time that the policy looks back.
    """

    storm_id: UUID
    ward_code: str
    began_at: datetime
    ended_at: datetime | None
    most_premises: int
    policy_version: int


@dataclass(frozen=True)
class Burst:
    """How many premises had new fire alarms within each of the policy's times."""

    within: int
    calm: int


def begins(burst: Burst, policy: StormPolicy) -> bool:
    """Decide whether a storm begins, while none is on."""
    return burst.within >= policy.begins_at_premises


def goes_on(storm: Storm, burst: Burst, policy: StormPolicy, now: datetime) -> Storm:
    """Decide how a storm goes on: it ends, or grows, or stays as it is."""
    if burst.calm < policy.ends_below_premises:
        return replace(storm, ended_at=now)
    if burst.within > storm.most_premises:
        return replace(storm, most_premises=burst.within)
    return storm


@dataclass(frozen=True)
class StormPosition:
    """The place of a storm in the list: the one that is on, then newest first."""

    began_at: datetime
    storm_id: UUID
