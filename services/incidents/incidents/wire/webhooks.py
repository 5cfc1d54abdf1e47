"""Webhooks: requests, checked field by field, and what is told of an event."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from google.protobuf.message import DecodeError

from chassis.broker.messages import Envelope, subject_of
from chassis.errors import FieldInvalidError, InvalidMessageError
from chassis.rules import Rule
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.webhooks import (
    Notice,
    Webhook,
    WebhookNotFoundError,
    WebhookRemoval,
    WebhookWanted,
    check_url,
)
from incidents.wire.events import EventMessage
from incidents.wire.fields import plain_text
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import incidents_pb2, public_alerts_pb2
from ward.incidents.v1 import webhooks_pb2 as pb

_URL_MAX, _EVENTS_MAX = 500, 20
_OF_INCIDENTS = {subject_of(kind): kind for kind in EventMessage.__args__}
_WARNING = subject_of(public_alerts_pb2.PublicAlertIssued)
# That there is one may already tell who told it, or of whom.
_WITHHELD = frozenset(
    {incidents_pb2.INCIDENT_KIND_CRIME_REPORT, incidents_pb2.INCIDENT_KIND_ANONYMOUS_TIP}
)
SUBJECTS = (*_OF_INCIDENTS, _WARNING)
_EVENTS = frozenset(subject.rpartition(".")[2] for subject in SUBJECTS)


def read_webhook(
    request: pb.CreateWebhookRequest, account: str, *, private_allowed: bool
) -> WebhookWanted:
    """Read a webhook to register; raises FieldInvalidError."""
    check_request_id(request.request_id)
    url = plain_text("url", request.url, _URL_MAX)
    check_url(url, private_allowed=private_allowed)
    if len(request.events) > _EVENTS_MAX or not set(request.events) <= _EVENTS:
        raise FieldInvalidError(
            "events",
            Rule(f"trong số {', '.join(sorted(_EVENTS))}", f"of {', '.join(sorted(_EVENTS))}"),
        )
    events = tuple(sorted(set(request.events)))
    return WebhookWanted(account, request.request_id, digest_of(request), url, events)


def read_removal(request: pb.RemoveWebhookRequest, account: str) -> WebhookRemoval:
    """Read which webhook is ended; raises WebhookNotFoundError for what cannot be one."""
    check_request_id(request.request_id)
    try:
        webhook_id = UUID(request.webhook_id)
    except ValueError as error:
        raise WebhookNotFoundError from error
    return WebhookRemoval(webhook_id, account, request.request_id, digest_of(request))


def webhook_message(webhook: Webhook) -> pb.Webhook:
    """Write a webhook, without its secret."""
    return pb.Webhook(
        webhook_id=str(webhook.webhook_id),
        url=webhook.url,
        events=webhook.events,
        created_at=timestamp(webhook.created_at),
        created_by=webhook.created_by,
        waiting=webhook.waiting,
        dead=webhook.dead,
    )


def notice_of(envelope: Envelope, ward_code: str) -> Notice | None:
    """Read what others are told of an event; None of another ward's, and of what nobody outside is told.

    Raises InvalidMessageError where it cannot be read.
    """
    try:
        if envelope.subject == _WARNING:
            alert = public_alerts_pb2.PublicAlertIssued.FromString(envelope.payload).alert
            return None if alert.exercise else _of_alert(envelope, alert, ward_code)
        event = _OF_INCIDENTS[envelope.subject].FromString(envelope.payload)
    except DecodeError as error:
        raise InvalidMessageError("malformed") from error
    return _of_incident(envelope, event.incident, ward_code)


def _of_incident(
    envelope: Envelope, incident: incidents_pb2.Incident, ward_code: str
) -> Notice | None:
    withheld = incident.kind in _WITHHELD or incident.exercise
    if incident.ward_code != ward_code or withheld:
        return None
    told = {
        "incident_id": incident.incident_id,
        "number": incident.number,
        "kind": incidents_pb2.IncidentKind.Name(incident.kind).removeprefix("INCIDENT_KIND_"),
        "state": incidents_pb2.IncidentState.Name(incident.state).removeprefix("INCIDENT_STATE_"),
        "priority": incidents_pb2.Priority.Name(incident.priority).removeprefix("PRIORITY_"),
        "category": incident.category,
        "version": incident.version,
    }
    return _notice(envelope, told)


def _of_alert(
    envelope: Envelope, alert: public_alerts_pb2.PublicAlert, ward_code: str
) -> Notice | None:
    if alert.ward_code != ward_code:
        return None
    kind = public_alerts_pb2.AlertMessageType.Name(alert.message_type)
    told = {"number": alert.number, "message_type": kind.removeprefix("ALERT_MESSAGE_TYPE_")}
    return _notice(envelope, told)


def _notice(envelope: Envelope, told: Mapping[str, object]) -> Notice:
    event = envelope.subject.rpartition(".")[2]
    whole = {"type": event, "timestamp": _written(envelope.stored_at), "data": told}
    return Notice(envelope.event_id, event, json.dumps(whole, ensure_ascii=False).encode())


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
