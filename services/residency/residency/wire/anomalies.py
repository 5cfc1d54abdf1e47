"""Reports of what is odd in how callers use the register."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from chassis.rules import Rule
from residency.domain.lookups.anomalies import Anomaly, AnomalyKind
from ward.residency.v1 import lookups_pb2 as pb

_DEFAULT_DAYS, _MOST_DAYS = 7, 92


def period(request: pb.ListAccessAnomaliesRequest) -> timedelta:
    """Read how far back is asked for; raises FieldInvalidError."""
    if request.days > _MOST_DAYS:
        raise FieldInvalidError(
            "days",
            Rule(
                f"từ 1 đến {_MOST_DAYS}; 0 là {_DEFAULT_DAYS}",
                f"1 to {_MOST_DAYS}; 0 is {_DEFAULT_DAYS}",
            ),
        )
    return timedelta(days=request.days or _DEFAULT_DAYS)


def page_after(token: str) -> Anomaly | None:
    """Read the anomaly behind which a page begins; None for the first page."""
    key = pages.decode(token, 4)
    if key is None:
        return None
    since, kind, account, building = key
    try:
        return Anomaly(
            kind=AnomalyKind(kind),
            account=account,
            since=datetime.fromisoformat(since),
            occurrences=0,
            threshold=0,
            building_id=UUID(building) if building else None,
        )
    except ValueError:
        raise PageTokenInvalidError from None


def anomalies_page(
    found: Sequence[Anomaly], size: int, access_record_id: UUID
) -> pb.ListAccessAnomaliesResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    return pb.ListAccessAnomaliesResponse(
        anomalies=[_anomaly(one) for one in found[:size]],
        next_page_token=_token(found[size - 1]) if len(found) > size else "",
        access_record_id=str(access_record_id),
    )


def _anomaly(found: Anomaly) -> pb.AccessAnomaly:
    since = Timestamp()
    since.FromDatetime(found.since)
    return pb.AccessAnomaly(
        kind=pb.AnomalyKind.Value(f"ANOMALY_KIND_{found.kind}"),
        account=found.account,
        since=since,
        occurrences=found.occurrences,
        threshold=found.threshold,
        building_id=str(found.building_id or ""),
    )


def _token(last: Anomaly) -> str:
    return pages.encode(
        last.since.isoformat(), last.kind.value, last.account, str(last.building_id or "")
    )
