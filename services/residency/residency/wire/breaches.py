"""Breaches as they are read and written."""

import re
from collections.abc import Sequence
from datetime import datetime

from google.protobuf.message import Message

from chassis.errors import FieldInvalidError
from chassis.rpc import pages
from chassis.rules import REQUIRED, STATE_OR_ALL, Rule
from residency.domain.protection.breach_notice import notice_of
from residency.domain.protection.breaches import (
    Breach,
    BreachAct,
    BreachEntry,
    BreachFilter,
    BreachFinding,
    BreachNature,
    BreachNotFoundError,
    BreachPosition,
    BreachState,
    DataCategory,
    NotificationTerm,
    WholeBreach,
)
from residency.wire import fields
from ward.residency.v1 import breaches_pb2 as pb

_NUMBER = re.compile(r"[0-9]{1,8}-VP-[0-9]{4}-[0-9]{6,9}")
_FOUND_BY = range(3, 101)
_REFERENCE = range(1, 101)
_STATES = {pb.BreachState.Value(f"BREACH_STATE_{one}"): one for one in BreachState}
_CATEGORIES = {pb.DataCategory.Value(f"DATA_CATEGORY_{one}"): one for one in DataCategory}


def breach_number(text: str) -> str:
    """Read a breach's number; what has not its form is the number of no breach."""
    if not _NUMBER.fullmatch(text):
        raise BreachNotFoundError
    return text


def finding(request: pb.RecordBreachRequest) -> BreachFinding:
    """Read what was found; raises FieldInvalidError."""
    return BreachFinding(
        found_at=_moment(request, "found_at"),
        found_by=fields.written("found_by", request.found_by, _FOUND_BY),
        nature=nature(request.nature),
    )


def nature(message: pb.BreachNature) -> BreachNature:
    """Read what is known; raises FieldInvalidError."""
    categories = {_CATEGORIES[one] for one in message.categories if one in _CATEGORIES}
    if not categories or len(categories) != len(message.categories):
        raise FieldInvalidError(
            "nature.categories", Rule("mỗi loại một lần; ít nhất một", "each once; at least one")
        )
    return BreachNature(
        categories=tuple(sorted(categories)),
        persons=message.persons,
        records=message.records,
        description=fields.written("nature.description", message.description),
        consequences=fields.written("nature.consequences", message.consequences),
    )


def notification(request: pb.NotifyAuthorityRequest) -> tuple[datetime, str]:
    """Read when the authority was told and under which reference; raises FieldInvalidError."""
    reference = fields.written("authority_reference", request.authority_reference, _REFERENCE)
    return _moment(request, "notified_at"), reference


def breach_filter(request: pb.ListBreachesRequest) -> BreachFilter:
    """Read which breaches to list; raises FieldInvalidError."""
    if request.state and request.state not in _STATES:
        raise FieldInvalidError("state", STATE_OR_ALL)
    return BreachFilter(_STATES.get(request.state), request.due_soon, request.overdue)


def breaches_after(token: str) -> BreachPosition | None:
    """Read where a page begins; None for the first page."""
    key = fields.page_position(token)
    return BreachPosition(*key) if key else None


def breaches_page(
    found: Sequence[Breach], term: NotificationTerm, size: int, now: datetime
) -> pb.ListBreachesResponse:
    """Write a page of `size`; one more than that was asked for, to see whether there is a next."""
    return pb.ListBreachesResponse(
        breaches=[breach(one, term, now) for one in found[:size]],
        next_page_token=_token(found[size - 1]) if len(found) > size else "",
    )


def whole_breach(
    found: WholeBreach, term: NotificationTerm, now: datetime
) -> pb.GetBreachResponse:
    """Write a breach with its history and its notice."""
    return pb.GetBreachResponse(
        breach=breach(found.breach, term, now),
        history=[_entry(one) for one in found.history],
        notice=notice_of(found),
    )


def breach(found: Breach, term: NotificationTerm, now: datetime) -> pb.Breach:
    """Write a breach as it stands now."""
    return pb.Breach(
        breach_number=found.breach_number,
        state=_state(found),
        source=pb.BreachSource.Value(f"BREACH_SOURCE_{found.source}"),
        found_at=fields.timestamp(found.found_at),
        found_by=found.found_by,
        recorded_at=fields.timestamp(found.recorded_at),
        recorded_by=found.recorded_by,
        suspect=found.suspect,
        nature=_nature(found.nature) if found.nature else None,
        notify_by=fields.timestamp(found.notify_by),
        notified_at=fields.optional_timestamp(found.notified_at),
        authority_reference=found.authority_reference,
        waived_at=fields.optional_timestamp(found.waived_at),
        due_soon=found.is_due_soon(now, term),
        overdue=found.is_overdue(now),
    )


def breach_moved(moved: Breach, act: BreachAct) -> pb.BreachMoved:
    """Write that something was done with a breach."""
    return pb.BreachMoved(
        breach_number=moved.breach_number,
        state=_state(moved),
        act=_act(act),
        notify_by=fields.timestamp(moved.notify_by),
    )


def notification_due(running: Breach, *, overdue: bool) -> pb.BreachNotificationDue:
    """Write that the time to tell the authority runs out, or has run out."""
    return pb.BreachNotificationDue(
        breach_number=running.breach_number,
        notify_by=fields.timestamp(running.notify_by),
        overdue=overdue,
    )


def _nature(known: BreachNature) -> pb.BreachNature:
    return pb.BreachNature(
        categories=[pb.DataCategory.Value(f"DATA_CATEGORY_{one}") for one in known.categories],
        persons=known.persons,
        records=known.records,
        description=known.description,
        consequences=known.consequences,
    )


def _entry(entry: BreachEntry) -> pb.BreachEntry:
    return pb.BreachEntry(
        at=fields.timestamp(entry.at),
        act=_act(entry.act),
        account=entry.account,
        note=entry.note,
    )


def _state(found: Breach) -> pb.BreachState.ValueType:
    return pb.BreachState.Value(f"BREACH_STATE_{found.state}")


def _act(act: BreachAct) -> pb.BreachAct.ValueType:
    return pb.BreachAct.Value(f"BREACH_ACT_{act}")


def _moment(message: Message, field: str) -> datetime:
    moment = fields.optional_moment(message, field)
    if moment is None:
        raise FieldInvalidError(field, REQUIRED)
    return moment


def _token(last: Breach) -> str:
    return pages.encode(last.found_at.isoformat(), str(last.breach_id))
