"""What many alarms show together."""

from grpc import aio

from chassis.clock import Clock
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from fire_safety.queries.rates import RateQueries
from fire_safety.queries.storms import StormQueries
from fire_safety.wire import overview as wire
from ward.fire_safety.v1 import alarm_overview_pb2 as pb
from ward.fire_safety.v1 import alarm_overview_pb2_grpc


class OverviewServicer(alarm_overview_pb2_grpc.AlarmOverviewServiceServicer):
    """The methods of `AlarmOverviewService`."""

    service: str = pb.DESCRIPTOR.services_by_name["AlarmOverviewService"].full_name

    def __init__(self, storms: StormQueries, rates: RateQueries, clock: Clock) -> None:
        self._storms = storms
        self._rates = rates
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        alarm_overview_pb2_grpc.add_AlarmOverviewServiceServicer_to_server(self, server)

    async def ListAlarmStorms(
        self, request: pb.ListAlarmStormsRequest, context: Context
    ) -> pb.ListAlarmStormsResponse:
        """Answer a page of storms."""
        size, after = page_size(request.page_size), wire.storms_after(request.page_token)
        return wire.storms_page(await self._storms.list_storms(after, size + 1), size)

    async def ListFalseAlarmRates(
        self, request: pb.ListFalseAlarmRatesRequest, context: Context
    ) -> pb.ListFalseAlarmRatesResponse:
        """Answer a page of false alarm rates."""
        chosen, size = wire.rate_filter(request, self._clock()), page_size(request.page_size)
        after = wire.rates_after(request.page_token)
        found = await self._rates.list_rates(chosen, after, size + 1)
        return wire.rates_page(found, await self._rates.total(chosen), chosen, size)
