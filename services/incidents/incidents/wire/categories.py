"""The catalogue as the contract tells it."""

from datetime import date

from google.type import date_pb2

from chassis.errors import FieldInvalidError
from chassis.rules import CALENDAR_DAY
from incidents.domain.rules.catalogue import Category, Clock, PriorityRule
from ward.incidents.v1 import categories_pb2 as pb
from ward.incidents.v1 import deadlines_pb2, incidents_pb2


def read_day(
    request: pb.ListCategoriesRequest | deadlines_pb2.ListPauseReasonsRequest, today: date
) -> date:
    """Read the day that is asked about; today if none is said."""
    if not request.HasField("on"):
        return today
    try:
        return date(request.on.year, request.on.month, request.on.day)
    except ValueError as error:
        raise FieldInvalidError("on", CALENDAR_DAY) from error


def category_message(category: Category) -> pb.Category:
    """Write a category."""
    return pb.Category(
        code=category.code,
        kind=incidents_pb2.IncidentKind.Value(f"INCIDENT_KIND_{category.kind}"),
        name_vi=category.name_vi,
        name_en=category.name_en,
        priority=incidents_pb2.Priority.Value(f"PRIORITY_{category.priority}"),
        reporters=sorted(category.reporters),
        routed_to=category.routed_to,
        call_first=category.call_first,
        same_within_m=category.same_within_m,
        same_within_min=int(category.same_within.total_seconds() // 60),
        retention_months=category.retention_months,
        clocks=[_clock(clock) for clock in category.clocks],
        effective_from=day_message(category.effective_from),
        source=category.source,
    )


def priority_message(rule: PriorityRule) -> pb.PriorityRule:
    """Write what a priority means."""
    within = rule.acknowledge_within
    return pb.PriorityRule(
        priority=incidents_pb2.Priority.Value(f"PRIORITY_{rule.priority}"),
        name_vi=rule.name_vi,
        name_en=rule.name_en,
        acknowledge_within_s=int(within.total_seconds()) if within else 0,
        effective_from=day_message(rule.effective_from),
        source=rule.source,
    )


def _clock(clock: Clock) -> pb.Clock:
    return pb.Clock(
        kind=pb.ClockKind.Value(f"CLOCK_KIND_{clock.kind}"),
        amount=clock.amount,
        unit=pb.ClockUnit.Value(f"CLOCK_UNIT_{clock.unit}"),
        effective_from=day_message(clock.effective_from),
        source=clock.source,
        warn_before=clock.warn_before,
    )


def day_message(day: date) -> date_pb2.Date:
    """Write a day."""
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)
