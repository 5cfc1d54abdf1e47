"""Deadlines, as lists and events tell them."""

from incidents.domain.rules.deadlines import Owed
from incidents.wire.incidents import timestamp
from ward.incidents.v1 import categories_pb2
from ward.incidents.v1 import deadlines_pb2 as pb


def deadline_message(owed: Owed, *, breached: bool) -> pb.Deadline:
    """Write a deadline."""
    deadline = owed.deadline
    return pb.Deadline(
        incident_id=str(owed.incident_id),
        report_id=str(owed.report_id or ""),
        report_number=owed.report_number,
        kind=categories_pb2.ClockKind.Value(f"CLOCK_KIND_{deadline.kind}"),
        due_at=timestamp(deadline.due_at),
        soon_at=timestamp(deadline.soon_at),
        paused_at=timestamp(deadline.paused_at),
        met_at=timestamp(deadline.met_at),
        stopped_at=timestamp(deadline.stopped_at),
        breached=breached,
    )
