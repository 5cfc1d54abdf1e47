"""Storms and false alarm rates."""

from collections.abc import Sequence
from datetime import datetime

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.rules import Rule, one_of
from fire_safety.domain.alarms.alarm import Disposition
from fire_safety.domain.alarms.rates import Grouping, Outcomes, Rate, RateFilter, RatePosition
from fire_safety.domain.alarms.storms import Storm, StormPosition
from fire_safety.wire.fields import (
    is_identifier,
    optional_identifier,
    optional_timestamp,
    page_token_of,
    place_of_page,
    recorded_moment,
    required_moment,
    timestamp,
)
from ward.fire_safety.v1 import alarm_overview_pb2 as pb

_GROUPINGS = {pb.FalseAlarmGrouping.Value(f"FALSE_ALARM_GROUPING_{one}"): one for one in Grouping}
_MAX_DIGITS = 9


# ---------------------------------------------------------------- requests


def storms_after(token: str) -> StormPosition | None:
    """Read where a page of storms begins; None for the first page."""
    key = place_of_page(token)
    return None if key is None else StormPosition(*key)


def rate_filter(request: pb.ListFalseAlarmRatesRequest, now: datetime) -> RateFilter:
    """Read what to count, in a period that ends now at the latest; raises FieldInvalidError."""
    grouping = _GROUPINGS.get(request.grouping)
    if grouping is None:
        raise FieldInvalidError(
            "grouping", one_of("FALSE_ALARM_GROUPING_DEVICE, FALSE_ALARM_GROUPING_PREMISES")
        )
    begins_at = recorded_moment(request, "begins_at")
    ends_at = min(required_moment(request, "ends_at"), now)
    if begins_at >= ends_at:
        raise FieldInvalidError(
            "begins_at",
            Rule(
                "trước khi kết thúc kỳ, và đã qua",
                "earlier than the period's end, and in the past",
            ),
        )
    premises_id = optional_identifier("premises_id", request.premises_id)
    return RateFilter(grouping, begins_at, ends_at, premises_id)


def rates_after(token: str) -> RatePosition | None:
    """Read where a page of rates begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    number, subject_id = key
    if not (number.isascii() and number.isdigit() and len(number) <= _MAX_DIGITS):
        raise PageTokenInvalidError
    if subject_id and not is_identifier(subject_id):
        raise PageTokenInvalidError
    return RatePosition(int(number), subject_id)


# ---------------------------------------------------------------- answers and events


def storm(one: Storm) -> pb.AlarmStorm:
    """Write a storm."""
    return pb.AlarmStorm(
        storm_id=str(one.storm_id),
        ward_code=one.ward_code,
        began_at=timestamp(one.began_at),
        ended_at=optional_timestamp(one.ended_at),
        most_premises=one.most_premises,
        policy_version=one.policy_version,
    )


def storms_page(found: Sequence[Storm], size: int) -> pb.ListAlarmStormsResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    shown, token = found[:size], ""
    if len(found) > size:
        token = page_token_of(shown[-1].began_at, shown[-1].storm_id)
    return pb.ListAlarmStormsResponse(storms=[storm(one) for one in shown], next_page_token=token)


def storm_began(one: Storm) -> pb.StormBegan:
    """Write the event of a storm that begins."""
    return pb.StormBegan(storm=storm(one))


def storm_ended(one: Storm) -> pb.StormEnded:
    """Write the event of a storm that is over."""
    return pb.StormEnded(storm=storm(one))


def rates_page(
    found: Sequence[Rate], total: Outcomes, chosen: RateFilter, size: int
) -> pb.ListFalseAlarmRatesResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    shown, token = found[:size], ""
    if len(found) > size:
        last = shown[-1]
        token = pages.encode(str(last.outcomes.false_alarms), last.subject_id)
    return pb.ListFalseAlarmRatesResponse(
        rates=[_rate(one) for one in shown],
        total=_outcomes(total),
        begins_at=timestamp(chosen.begins_at),
        ends_at=timestamp(chosen.ends_at),
        next_page_token=token,
    )


def _rate(one: Rate) -> pb.FalseAlarmRate:
    return pb.FalseAlarmRate(
        device_id=one.device_id,
        premises_id=one.premises_id,
        outcomes=_outcomes(one.outcomes),
    )


def _outcomes(one: Outcomes) -> pb.AlarmOutcomes:
    counts = one.counts
    return pb.AlarmOutcomes(
        alarms_reset=one.alarms_reset,
        fires=counts[Disposition.FIRE],
        nuisances=counts[Disposition.NUISANCE],
        tests=counts[Disposition.TEST],
        faults=counts[Disposition.FAULT],
        malicious=counts[Disposition.MALICIOUS],
        drills=counts[Disposition.DRILL],
        false_alarms=one.false_alarms,
        device_days=one.device_days,
        false_share=one.false_share,
        false_per_device_year=one.false_per_device_year,
    )
