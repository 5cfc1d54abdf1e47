"""Deadlines and pauses: requests, checked field by field, and what is told of them."""

from datetime import datetime
from uuid import UUID

from chassis.errors import PageTokenInvalidError
from chassis.rpc import pages
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.incidents.due_deadlines import DueDeadline
from incidents.domain.incidents.requests import ClockPausing, ClockResumption, DueListing
from incidents.domain.rules.catalogue import ClockKind
from incidents.domain.rules.deadlines import DueFilter, Pause, PauseReason
from incidents.wire.categories import day_message
from incidents.wire.deadline_events import deadline_message
from incidents.wire.fields import plain_text, read_enum_or_none, read_id, read_note, read_reason
from incidents.wire.incidents import incident_message, timestamp
from ward.incidents.v1 import categories_pb2, incidents_pb2
from ward.incidents.v1 import deadlines_pb2 as pb

_CODE_MAX = 64


def read_pausing(request: pb.PauseClocksRequest, account: str) -> ClockPausing:
    """Read why the clocks of which incident are paused."""
    check_request_id(request.request_id)
    return ClockPausing(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        reason=plain_text("reason", request.reason, _CODE_MAX),
        note=read_reason(request.note, "note"),
    )


def read_resumption(request: pb.ResumeClocksRequest, account: str) -> ClockResumption:
    """Read the clocks of which incident run on."""
    check_request_id(request.request_id)
    return ClockResumption(
        read_id(request.incident_id),
        account,
        request.request_id,
        digest_of(request),
        note=read_note(request.note),
    )


def read_due_listing(request: pb.ListDueDeadlinesRequest) -> DueListing:
    """Read which page of which deadlines is asked for."""
    return DueListing(
        filter=read_enum_or_none("filter", pb.DueFilter, request.filter, DueFilter),
        size=pages.page_size(request.page_size),
        after=_position(request.page_token),
    )


def due_page(found: list[DueDeadline], size: int, now: datetime) -> pb.ListDueDeadlinesResponse:
    """Write a page; one more than its size was asked for tells that others follow."""
    page = found[:size]
    token = ""
    if len(found) > size:
        last = page[-1].owed
        due_at = last.deadline.due_at.isoformat()
        token = pages.encode(due_at, str(last.subject_id), last.deadline.kind)
    return pb.ListDueDeadlinesResponse(
        due=[
            pb.DueDeadline(
                deadline=deadline_message(one.owed, breached=one.owed.deadline.is_breached(now)),
                incident=incident_message(one.incident),
            )
            for one in page
        ],
        next_page_token=token,
    )


def pause_message(pause: Pause) -> pb.ClockPause:
    """Write a pause."""
    return pb.ClockPause(
        sequence=pause.sequence,
        reason=pause.reason,
        paused_at=timestamp(pause.paused_at),
        paused_by=pause.paused_by,
        resumed_at=timestamp(pause.resumed_at),
        resumed_by=pause.resumed_by,
    )


def pause_reason_message(reason: PauseReason) -> pb.PauseReason:
    """Write a reason."""
    return pb.PauseReason(
        category=reason.category,
        code=reason.code,
        name_vi=reason.name_vi,
        name_en=reason.name_en,
        clocks=[
            categories_pb2.ClockKind.Value(f"CLOCK_KIND_{one}") for one in sorted(reason.clocks)
        ],
        priorities=[
            incidents_pb2.Priority.Value(f"PRIORITY_{one}") for one in sorted(reason.priorities)
        ],
        effective_from=day_message(reason.effective_from),
        source=reason.source,
    )


def _position(token: str) -> tuple[datetime, UUID, ClockKind] | None:
    key = pages.decode(token, 3)
    if key is None:
        return None
    try:
        position = datetime.fromisoformat(key[0]), UUID(key[1]), ClockKind(key[2])
    except ValueError as error:
        raise PageTokenInvalidError from error
    if position[0].tzinfo is None:
        raise PageTokenInvalidError
    return position
