"""Messages of public warnings as the contract and events tell them."""

from incidents.domain.public_alerts import PublicAlert
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import public_alerts_pb2 as pb


def alert_message(alert: PublicAlert) -> pb.PublicAlert:
    """Write a message; who issued it and for which incident is not told."""
    return pb.PublicAlert(
        number=alert.number,
        sender=alert.sender.identifier,
        sender_name=alert.sender.name,
        ward_code=alert.ward_code,
        message_type=pb.AlertMessageType.Value(f"ALERT_MESSAGE_TYPE_{alert.message_type}"),
        exercise=alert.exercise,
        sent_at=timestamp(alert.sent_at),
        expires_at=timestamp(alert.expires_at),
        references=[
            pb.AlertReference(sender=one.sender, number=one.number, sent_at=timestamp(one.sent_at))
            for one in alert.references
        ],
        content=pb.AlertContent.FromString(alert.content),
    )


def issued_message(alert: PublicAlert) -> pb.PublicAlertIssued:
    """Write the event that a message was sent."""
    return pb.PublicAlertIssued(alert=alert_message(alert))


def cancelling(content: bytes, said: bytes) -> bytes:
    """Write what takes a warning back: its own content, no danger any more, and why."""
    told, why = pb.AlertContent.FromString(content), pb.AlertContent.FromString(said)
    told.urgency = pb.ALERT_URGENCY_PAST
    del told.responses[:]
    told.responses.append(pb.ALERT_RESPONSE_ALL_CLEAR)
    told.ClearField("onset")
    for text, reason in ((told.vi, why.vi), (told.en, why.en)):
        text.description = reason.description
        text.ClearField("instruction")
    return told.SerializeToString(deterministic=True)
