"""Reports of people."""

from grpc import aio

from chassis.clock import Clock
from chassis.context import current_access, current_identity, untraced
from chassis.rpc.servicer import Context
from incidents.domain.rules.catalogue import Reporter
from incidents.operations.reports import ReportOperations
from incidents.queries.reports import ReportQueries
from incidents.wire import reports as wire
from ward.incidents.v1 import reports_pb2 as pb
from ward.incidents.v1 import reports_pb2_grpc

_DUTY_OFFICER = "duty_officer"
_PLACE = ("address", "position")
_CONTENT = ("description", "reporter", "involved")


class ReportsServicer(reports_pb2_grpc.ReportsServiceServicer):
    """The methods of `ReportsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["ReportsService"].full_name

    def __init__(
        self, operations: ReportOperations, queries: ReportQueries, clock: Clock, ward_code: str
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock
        self._ward_code = ward_code

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        reports_pb2_grpc.add_ReportsServiceServicer_to_server(self, server)

    async def CreateReport(
        self, request: pb.CreateReportRequest, context: Context
    ) -> pb.CreateReportResponse:
        """Take a report in."""
        wanted = wire.read_report(request, current_identity(), self._clock())
        receipt = await self._operations.receive(wanted)
        is_officer = wanted.by is Reporter.OFFICER
        return pb.CreateReportResponse(
            receipt=wire.receipt_message(receipt),
            incident_id=str(receipt.report.incident_id) if is_officer else "",
        )

    async def SubmitTip(
        self, request: pb.SubmitTipRequest, context: Context
    ) -> pb.SubmitTipResponse:
        """Take a tip in, under a request id that the caller's other calls do not have."""
        with untraced():
            receipt = await self._operations.receive(wire.read_tip(request, self._clock()))
        return pb.SubmitTipResponse(receipt=wire.receipt_message(receipt))

    async def FollowReport(
        self, request: pb.FollowReportRequest, context: Context
    ) -> pb.FollowReportResponse:
        """Tell how far a report is."""
        number, token = wire.read_follow_up(request)
        followed = await self._queries.follow(self._ward_code, number, token)
        return wire.followed_message(followed, self._clock())

    async def GetReport(
        self, request: pb.GetReportRequest, context: Context
    ) -> pb.GetReportResponse:
        """Tell one report with what it says, and account for the look."""
        report_id, access = wire.read_report_id(request.report_id), current_access()
        access.subject, access.fields = f"report:{report_id}", _CONTENT
        report, content = await self._queries.report(report_id)
        access.reference = report.number
        return wire.report_message(report, content, self._clock())

    async def ListReports(
        self, request: pb.ListReportsRequest, context: Context
    ) -> pb.ListReportsResponse:
        """Tell a page of reports, and account for the look; where a crime or tip is, only to duty officers."""
        listing, access = wire.read_listing(request), current_access()
        access.subject = f"reports of incident:{listing.incident_id or 'all'}"
        found = await self._queries.page(listing)
        access.fields = _PLACE if found else ()
        if _DUTY_OFFICER not in current_identity().roles:
            found = [report.beyond_duty_officers() for report in found]
        return wire.page_message(found, listing.size, self._clock())
