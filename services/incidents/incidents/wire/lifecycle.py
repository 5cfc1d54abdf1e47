"""Moves of incidents: requests, checked field by field, and what is told of them."""

import re
from datetime import datetime
from typing import Any

from chassis.errors import FieldInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rules import Rule, characters
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.incidents.duplicates import DuplicateSuggestion
from incidents.domain.incidents.requests import (
    Advance,
    Dispatch,
    Handover,
    Merge,
    Note,
    Reopening,
    Separation,
    Triage,
)
from incidents.domain.lifecycle.states import Act
from incidents.domain.lifecycle.transfers import RecordedTransfer, Transfer, TransferChannel
from incidents.domain.rules.priorities import Priority, Severity
from incidents.wire.fields import (
    kept_text,
    plain_text,
    read_assignee,
    read_enum,
    read_enum_or_none,
    read_id,
    read_note,
    read_past,
    read_reason,
    read_task,
)
from incidents.wire.incidents import incident_message, timestamp
from ward.incidents.v1 import incidents_pb2
from ward.incidents.v1 import lifecycle_pb2 as pb

_CODE_MAX = 64
_AUTHORITY_MAX = 200
_NUMBER = re.compile(r"[\w./-]{0,64}")
_PROGRESS = {
    pb.PROGRESS_EN_ROUTE: Act.SET_OUT,
    pb.PROGRESS_ON_SCENE: Act.ARRIVE,
    pb.PROGRESS_CONTROLLED: Act.CONTROL,
}


def read_triage(request: pb.TriageIncidentRequest, account: str) -> Triage:
    """Read how an incident is judged."""
    return Triage(
        **_write(request, account),
        category=plain_text("category", request.category, _CODE_MAX),
        priority=read_enum_or_none("priority", incidents_pb2.Priority, request.priority, Priority),
        severity=read_enum_or_none("severity", incidents_pb2.Severity, request.severity, Severity),
        note=read_note(request.note),
    )


def read_dispatch(request: pb.DispatchIncidentRequest, account: str) -> Dispatch:
    """Read who is sent to do what."""
    return Dispatch(
        **_write(request, account),
        assignee=read_assignee(request.assignee),
        task=read_task(request.task),
    )


def read_advance(request: pb.AdvanceIncidentRequest, account: str) -> Advance:
    """Read how far the unit is."""
    act = _PROGRESS.get(request.progress)
    if act is None:
        raise FieldInvalidError("progress", Rule("đơn vị đã đến đâu", "how far the unit is"))
    return Advance(**_write(request, account), act=act, note=read_note(request.note))


def read_resolution(request: pb.ResolveIncidentRequest, account: str) -> Advance:
    """Read what was done."""
    return Advance(**_write(request, account), act=Act.RESOLVE, note=read_note(request.note))


def read_dismissal(request: pb.DismissIncidentRequest, account: str) -> Advance:
    """Read what it was."""
    return Advance(**_write(request, account), act=Act.DISMISS, note=read_note(request.note))


def read_handover(request: pb.TransferIncidentRequest, account: str, now: datetime) -> Handover:
    """Read to whom an incident is handed over; `now` if it does not say when."""
    write = _write(request, account)
    authority = kept_text("to", request.to, _AUTHORITY_MAX)
    if not authority:
        raise FieldInvalidError("to", characters(1, _AUTHORITY_MAX))
    return Handover(
        **write,
        transfer=Transfer(
            authority=authority,
            channel=read_enum("channel", pb.TransferChannel, request.channel, TransferChannel),
            transferred_at=read_past(request, "transferred_at", now) or now,
            receipt_number=_number("receipt_number", request.receipt_number),
            external_reference=_number("external_reference", request.external_reference),
        ),
    )


def read_merge(request: pb.MergeIncidentRequest, account: str) -> Merge:
    """Read which incident is the same as which."""
    write, into = _write(request, account), read_id(request.into_incident_id)
    if into == write["incident_id"]:
        raise FieldInvalidError("into_incident_id", Rule("một vụ việc khác", "another incident"))
    return Merge(
        **write,
        into=into,
        reason=read_note(request.reason, "reason"),
    )


def read_separation(request: pb.SeparateIncidentRequest, account: str) -> Separation:
    """Read which merge is taken back."""
    return Separation(**_write(request, account), reason=read_reason(request.reason))


def read_reopening(request: pb.ReopenIncidentRequest, account: str) -> Reopening:
    """Read what had not ended."""
    return Reopening(**_write(request, account), reason=read_reason(request.reason))


def read_added_note(request: pb.NoteIncidentRequest, account: str) -> Note:
    """Read what is added to a timeline."""
    return Note(
        **_write(request, account),
        text=read_reason(request.text, "text"),
        corrects=request.corrects,
    )


def transfer_message(recorded: RecordedTransfer) -> pb.Transfer:
    """Write a transfer."""
    transfer = recorded.transfer
    return pb.Transfer(
        sequence=recorded.sequence,
        to=transfer.authority,
        channel=pb.TransferChannel.Value(f"TRANSFER_CHANNEL_{transfer.channel}"),
        transferred_at=timestamp(transfer.transferred_at),
        receipt_number=transfer.receipt_number,
        external_reference=transfer.external_reference,
        account=recorded.account,
    )


def suggestion_message(suggestion: DuplicateSuggestion) -> pb.DuplicateSuggestion:
    """Write an incident that may be the same."""
    return pb.DuplicateSuggestion(
        incident=incident_message(suggestion.incident),
        distance_m=suggestion.distance_m,
        apart_s=int(suggestion.apart.total_seconds()),
    )


def _write(request: Any, account: str) -> dict[str, Any]:  # noqa: ANN401 - any request with these two fields
    check_request_id(request.request_id)
    return {
        "incident_id": read_id(request.incident_id),
        "account": account,
        "request_id": request.request_id,
        "digest": digest_of(request),
    }


def _number(field: str, text: str) -> str:
    if not _NUMBER.fullmatch(text) or may_hold_id_number(text):
        raise FieldInvalidError(
            field,
            Rule(
                "không quá 64 chữ cái, chữ số và . / _ -", "at most 64 letters, digits and . / _ -"
            ),
        )
    return text
