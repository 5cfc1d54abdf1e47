"""Reports without what they say, as lists and events tell them."""

from datetime import datetime

from incidents.domain.reports.report import Report, RoadAccident
from incidents.domain.rules.deadlines import Deadline
from incidents.wire.incidents import position_message, timestamp
from ward.incidents.v1 import categories_pb2
from ward.incidents.v1 import reports_pb2 as pb


def summary_message(report: Report, now: datetime) -> pb.ReportSummary:
    """Write a report; whether a term was kept is judged at `now`."""
    return pb.ReportSummary(
        report_id=str(report.report_id),
        number=report.number,
        ward_code=report.ward_code,
        category=report.category,
        channel=pb.ReportChannel.Value(f"REPORT_CHANNEL_{report.channel}"),
        received_at=timestamp(report.received_at),
        received_by=report.received_by,
        occurred_at=timestamp(report.occurred_at),
        incident_id=str(report.incident_id),
        address=report.address,
        position=position_message(report.position),
        deadlines=[deadline_message(one, now) for one in report.deadlines],
        road_accident=_accident(report.road_accident),
        forgotten_at=timestamp(report.forgotten_at),
    )


def deadline_message(deadline: Deadline, now: datetime) -> pb.ReportDeadline:
    """Write a term."""
    return pb.ReportDeadline(
        kind=categories_pb2.ClockKind.Value(f"CLOCK_KIND_{deadline.kind}"),
        due_at=timestamp(deadline.due_at),
        met_at=timestamp(deadline.met_at),
        breached=deadline.is_breached(now),
        paused_at=timestamp(deadline.paused_at),
    )


def received_message(report: Report) -> pb.ReportReceived:
    """Write the event that a report was received; it is kept where nothing can be forgotten."""
    told = report.beyond_duty_officers()
    return pb.ReportReceived(report=summary_message(told, report.received_at))


def _accident(accident: RoadAccident | None) -> pb.RoadAccident | None:
    return None if accident is None else pb.RoadAccident(**vars(accident))
