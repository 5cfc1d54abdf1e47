"""Public warnings: requests, checked field by field, and what is told."""

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.context import Identity
from chassis.errors import FieldInvalidError, RoleNotAllowedError
from chassis.rpc.pages import encode, page_size
from chassis.rules import CALENDAR_MOMENT, REQUIRED, Rule, characters
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.public_alerts import (
    AlertListing,
    AlertWanted,
    MessageType,
    PublicAlert,
    PublicAlertNotFoundError,
)
from incidents.wire.alert_events import alert_message
from incidents.wire.fields import (
    DEGREES_NORTH_AND_EAST,
    kept_text,
    page_position,
    plain_text,
    read_id,
)
from incidents.wire.incidents import moment, timestamp
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import public_alerts_pb2 as pb

_NUMBER_MAX = 64
_TEXTS = (("event", 1, 80), ("headline", 1, 160), ("description", 1, 2000))
_MORE_TEXTS = (("instruction", 0, 2000), ("area", 1, 300))
_JUDGEMENTS: tuple[tuple[str, Any], ...] = (
    ("category", pb.AlertCategory),
    ("urgency", pb.AlertUrgency),
    ("severity", pb.AlertSeverity),
    ("certainty", pb.AlertCertainty),
)
# Code points that no XML document can hold.
_NO_CHARACTERS = frozenset("\ufffe\uffff")
_RESPONSES_MAX = 3
# What a time that nobody said is read as.
_EPOCH = datetime.fromtimestamp(0, UTC)
_CORNERS = range(4, 101)
_RADIUS_MAX_KM = 50
_NORTH_MAX, _EAST_MAX = 90, 180
# Whoever has no part in an exercise.
_OUTSIDERS = frozenset({"citizen", "service"})


def read_issue(request: pb.IssuePublicAlertRequest, account: str) -> AlertWanted:
    """Read a first message; raises FieldInvalidError."""
    expires_at = _moment("expires_at", request.expires_at)
    return _wanted(
        request,
        account,
        message_type=MessageType.ALERT,
        exercise=request.exercise,
        incident_id=read_id(request.incident_id) if request.incident_id else None,
        expires_at=expires_at,
        content=_content(request.content, expires_at),
    )


def read_update(request: pb.UpdatePublicAlertRequest, account: str) -> AlertWanted:
    """Read a message that replaces another; raises FieldInvalidError."""
    expires_at = _moment("expires_at", request.expires_at)
    return _wanted(
        request,
        account,
        message_type=MessageType.UPDATE,
        replaces=_replaced(request.number),
        expires_at=expires_at,
        content=_content(request.content, expires_at),
    )


def read_cancellation(request: pb.CancelPublicAlertRequest, account: str) -> AlertWanted:
    """Read a message that takes another back; raises FieldInvalidError."""
    said = pb.AlertContent(
        vi=pb.AlertText(description=_text("reason_vi", request.reason_vi, 1, 2000)),
        en=pb.AlertText(description=_text("reason_en", request.reason_en, 1, 2000)),
    )
    return _wanted(
        request,
        account,
        message_type=MessageType.CANCEL,
        replaces=_replaced(request.number),
        content=said.SerializeToString(deterministic=True),
    )


def read_listing(
    request: pb.ListPublicAlertsRequest, caller: Identity, now: datetime
) -> AlertListing:
    """Read which messages are asked for; raises RoleNotAllowedError for exercises where they are nobody's business."""
    if request.exercise and is_outsider(caller):
        raise RoleNotAllowedError(method="ListPublicAlerts")
    return AlertListing(
        exercise=request.exercise,
        now=now,
        size=page_size(request.page_size),
        after=page_position(request.page_token),
    )


def told_alert(alert: PublicAlert, caller: Identity) -> pb.PublicAlert:
    """Write a message for whoever asks; raises PublicAlertNotFoundError for an exercise that is not theirs."""
    if alert.exercise and is_outsider(caller):
        raise PublicAlertNotFoundError
    return alert_message(alert)


def page_message(alerts: list[PublicAlert], listing: AlertListing) -> pb.ListPublicAlertsResponse:
    """Write a page of messages; one more than its size says that others follow."""
    token = ""
    if len(alerts) > listing.size:
        last = alerts[listing.size - 1]
        token = encode(last.sent_at.isoformat(), str(last.alert_id))
    return pb.ListPublicAlertsResponse(
        alerts=[alert_message(one) for one in alerts[: listing.size]],
        next_page_token=token,
        as_of=timestamp(listing.now),
    )


def is_outsider(caller: Identity) -> bool:
    """Tell whether a caller has no part in exercises."""
    return caller.roles <= _OUTSIDERS


def _wanted(request: Any, account: str, **said: Any) -> AlertWanted:  # noqa: ANN401 - three requests
    check_request_id(request.request_id)
    unsaid: dict[str, Any] = {
        "replaces": "",
        "exercise": False,
        "incident_id": None,
        "expires_at": None,
    }
    return AlertWanted(
        account=account,
        request_id=request.request_id,
        digest=digest_of(request),
        **{**unsaid, **said},
    )


def _replaced(number: str) -> str:
    if not number:
        raise PublicAlertNotFoundError
    return plain_text("number", number, _NUMBER_MAX)


def _moment(field: str, told: Timestamp) -> datetime:
    try:
        return moment(told)
    except (ValueError, OverflowError) as error:
        raise FieldInvalidError(field, CALENDAR_MOMENT) from error


def _content(content: pb.AlertContent, expires_at: datetime) -> bytes:
    """Check what a warning says until when; raises FieldInvalidError."""
    begins = _moment("content.onset", content.onset) if content.HasField("onset") else None
    # Who forgot when it expires is told that, later.
    if begins and begins >= expires_at > _EPOCH:
        raise FieldInvalidError(
            "content.onset", Rule("trước khi hết hiệu lực", "before it expires")
        )
    for field, contract in _JUDGEMENTS:
        number = getattr(content, field)
        if number == 0 or number not in contract.values():
            raise FieldInvalidError(f"content.{field}", REQUIRED)
    said = set(content.responses) <= set(pb.AlertResponse.values()) - {0}
    if len(content.responses) > _RESPONSES_MAX or not said:
        raise FieldInvalidError(
            "content.responses",
            Rule(
                f"không quá {_RESPONSES_MAX}, mỗi mục phải có giá trị",
                f"at most {_RESPONSES_MAX}, each said",
            ),
        )
    for language, text in (("vi", content.vi), ("en", content.en)):
        for name, shortest, longest in (*_TEXTS, *_MORE_TEXTS):
            _text(f"content.{language}.{name}", getattr(text, name), shortest, longest)
    _check_area(content)
    return content.SerializeToString(deterministic=True)


def _text(field: str, text: str, shortest: int, longest: int) -> str:
    told = kept_text(field, text, longest)
    if len(told) < shortest or not _NO_CHARACTERS.isdisjoint(told):
        raise FieldInvalidError(field, characters(shortest, longest))
    return told


def _check_area(content: pb.AlertContent) -> None:
    corners = list(content.polygon)
    if corners and (len(corners) not in _CORNERS or corners[0] != corners[-1]):
        raise FieldInvalidError(
            "content.polygon",
            Rule(
                "4 đến 100 đỉnh, đỉnh cuối trùng đỉnh đầu",
                "4 to 100 corners, the last one the first",
            ),
        )
    if content.HasField("circle"):
        if not 0 < content.circle.radius_km <= _RADIUS_MAX_KM:
            raise FieldInvalidError(
                "content.circle",
                Rule(f"trên 0 đến {_RADIUS_MAX_KM} km", f"above 0 to {_RADIUS_MAX_KM} km"),
            )
        corners.append(content.circle.centre)
    if not all(_is_position(corner) for corner in corners):
        raise FieldInvalidError(
            "content.polygon",
            DEGREES_NORTH_AND_EAST,
        )


def _is_position(told: fire_safety_pb2.Position) -> bool:
    return abs(told.latitude) <= _NORTH_MAX and abs(told.longitude) <= _EAST_MAX
