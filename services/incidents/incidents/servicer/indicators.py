"""Figures by which the plan is reviewed."""

import asyncio

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from incidents.operations.indicators import IndicatorOperations
from incidents.printing.figure_sheet import XLSX, figure_sheet
from incidents.queries.indicators import IndicatorQueries
from incidents.wire import indicators as wire
from ward.incidents.v1 import indicators_pb2 as pb
from ward.incidents.v1 import indicators_pb2_grpc
from ward.options.v1 import document_pb2


class IndicatorsServicer(indicators_pb2_grpc.IndicatorsServiceServicer):
    """The methods of `IndicatorsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["IndicatorsService"].full_name

    def __init__(
        self, operations: IndicatorOperations, queries: IndicatorQueries, clock: Clock
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        indicators_pb2_grpc.add_IndicatorsServiceServicer_to_server(self, server)

    async def ListFigures(
        self, request: pb.ListFiguresRequest, context: Context
    ) -> pb.ListFiguresResponse:
        """Tell the figures of a period."""
        return wire.figures_message(await self._queries.figures(request.period, self._clock()))

    async def ExportFigures(
        self, request: pb.ExportFiguresRequest, context: Context
    ) -> pb.ExportFiguresResponse:
        """Tell them as a table."""
        told = await self._queries.figures(request.period, self._clock())
        content = await asyncio.to_thread(figure_sheet, told)
        return pb.ExportFiguresResponse(
            document=document_pb2.Document(media_type=XLSX, content=content)
        )

    async def EnterFigure(
        self, request: pb.EnterFigureRequest, context: Context
    ) -> pb.EnterFigureResponse:
        """Enter a figure."""
        asked = wire.read_figure(request, current_account(), ward_day(self._clock()))
        return pb.EnterFigureResponse(
            figure=wire.figure_message(await self._operations.enter(asked))
        )

    async def ListFigureRevisions(
        self, request: pb.ListFigureRevisionsRequest, context: Context
    ) -> pb.ListFigureRevisionsResponse:
        """Tell a page of revisions, newest first."""
        page = await self._queries.revisions(
            request.period,
            request.indicator,
            ward_day(self._clock()),
            page_size(request.page_size),
            wire.read_page(request.page_token),
        )
        return pb.ListFigureRevisionsResponse(
            figures=map(wire.figure_message, page.figures),
            next_page_token=wire.page_token(page.figures[-1]) if page.more else "",
        )
