"""Alerts of decoys."""

from google.protobuf.timestamp_pb2 import Timestamp

from residency.domain.lookups.decoys import DecoyTouch
from ward.residency.v1 import lookups_pb2 as pb


def decoy_touched(touch: DecoyTouch) -> pb.DecoyTouched:
    """Write the alert to the data protection officer."""
    at = Timestamp()
    at.FromDatetime(touch.at)
    return pb.DecoyTouched(
        account=touch.account,
        access_record_id=touch.access_record_id,
        subject=touch.subject,
        touched_at=at,
    )
