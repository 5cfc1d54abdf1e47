"""Messages as the contract tells them."""

from incidents.domain.duty.deliveries import Told
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import deliveries_pb2 as pb
from ward.incidents.v1 import duty_pb2


def told_message(told: Told) -> pb.Delivery:
    """Write a message with its attempts; where somebody is reached is not told."""
    delivery = told.delivery
    return pb.Delivery(
        delivery_id=str(delivery.delivery_id),
        subject=pb.DeliverySubject.Value(f"DELIVERY_SUBJECT_{delivery.about.subject}"),
        subject_id=str(delivery.about.subject_id or ""),
        step=delivery.about.step,
        recipient=delivery.addressee.recipient,
        account=delivery.addressee.account,
        contact=delivery.addressee.contact,
        channel=duty_pb2.ContactChannel.Value(f"CONTACT_CHANNEL_{delivery.channel}"),
        state=pb.DeliveryState.Value(f"DELIVERY_STATE_{told.state}"),
        attempts=[
            pb.DeliveryAttempt(
                attempt=one.attempt,
                at=timestamp(one.at),
                outcome=pb.DeliveryOutcome.Value(f"DELIVERY_OUTCOME_{one.outcome}"),
                receipt=one.receipt,
            )
            for one in told.attempts
        ],
    )
