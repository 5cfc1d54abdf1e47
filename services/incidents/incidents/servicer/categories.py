"""The catalogue."""

from grpc import aio

from chassis.clock import Clock, ward_day
from chassis.rpc.servicer import Context
from incidents.queries.catalogue import CatalogueQueries
from incidents.wire import categories as wire
from ward.incidents.v1 import categories_pb2 as pb
from ward.incidents.v1 import categories_pb2_grpc


class CategoriesServicer(categories_pb2_grpc.CategoriesServiceServicer):
    """The methods of `CategoriesService`."""

    service: str = pb.DESCRIPTOR.services_by_name["CategoriesService"].full_name

    def __init__(self, queries: CatalogueQueries, clock: Clock) -> None:
        self._queries = queries
        self._clock = clock

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        categories_pb2_grpc.add_CategoriesServiceServicer_to_server(self, server)

    async def ListCategories(
        self, request: pb.ListCategoriesRequest, context: Context
    ) -> pb.ListCategoriesResponse:
        """Tell the categories and priorities in force on a day."""
        day = wire.read_day(request, ward_day(self._clock()))
        return pb.ListCategoriesResponse(
            categories=[wire.category_message(one) for one in await self._queries.categories(day)],
            priorities=[wire.priority_message(one) for one in await self._queries.priorities(day)],
        )
