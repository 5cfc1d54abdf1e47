"""Detection zones and mutual-aid groups."""

from grpc import aio

from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import digest_of
from fire_safety.domain.premises.areas import AreaKind
from fire_safety.operations.areas import AreaOperations
from fire_safety.queries.areas import AreaQueries
from fire_safety.wire import areas as wire
from fire_safety.wire.devices import change_before
from fire_safety.wire.premises import premises_id
from ward.fire_safety.v1 import areas_pb2 as pb
from ward.fire_safety.v1 import areas_pb2_grpc


class AreasServicer(areas_pb2_grpc.AreasServiceServicer):
    """The methods of `AreasService`."""

    service: str = pb.DESCRIPTOR.services_by_name["AreasService"].full_name

    def __init__(self, operations: AreaOperations, queries: AreaQueries) -> None:
        self._operations = operations
        self._queries = queries

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        areas_pb2_grpc.add_AreasServiceServicer_to_server(self, server)

    async def CreateZone(
        self, request: pb.CreateZoneRequest, context: Context
    ) -> pb.CreateZoneResponse:
        """Make a zone."""
        wanted, note = wire.wanted_zone(request)
        made = await self._operations.create_zone(
            wanted, note, request.request_id, digest_of(request)
        )
        return pb.CreateZoneResponse(zone=wire.zone(made))

    async def ListZones(
        self, request: pb.ListZonesRequest, context: Context
    ) -> pb.ListZonesResponse:
        """Answer a page of a premises' zones."""
        place, size = premises_id(request.premises_id), page_size(request.page_size)
        after = wire.area_after(request.page_token)
        found = await self._queries.list_zones(place, after, size + 1)
        return wire.zones_page(found, size)

    async def ChangeZoneDevices(
        self, request: pb.ChangeZoneDevicesRequest, context: Context
    ) -> pb.ChangeZoneDevicesResponse:
        """Put devices into a zone and take others out."""
        zone_id, members, note = wire.zone_members(request)
        after = await self._operations.change_zone(
            zone_id, members, note, request.request_id, digest_of(request)
        )
        return pb.ChangeZoneDevicesResponse(zone=wire.zone(after))

    async def RetireZone(
        self, request: pb.RetireZoneRequest, context: Context
    ) -> pb.RetireZoneResponse:
        """Take a zone off the register."""
        zone_id, note = wire.zone_retirement(request)
        retired = await self._operations.retire_zone(
            zone_id, note, request.request_id, digest_of(request)
        )
        return pb.RetireZoneResponse(zone=wire.zone(retired))

    async def ListZoneChanges(
        self, request: pb.ListZoneChangesRequest, context: Context
    ) -> pb.ListZoneChangesResponse:
        """Answer a page of a zone's history."""
        zone_id, size = wire.zone_id(request.zone_id), page_size(request.page_size)
        before = change_before(request.page_token)
        found = await self._queries.list_changes(AreaKind.ZONE, zone_id, before, size + 1)
        return wire.zone_changes(found, size)

    async def CreateMutualAidGroup(
        self, request: pb.CreateMutualAidGroupRequest, context: Context
    ) -> pb.CreateMutualAidGroupResponse:
        """Make a group."""
        wanted, note = wire.wanted_group(request)
        made = await self._operations.create_group(
            wanted, note, request.request_id, digest_of(request)
        )
        return pb.CreateMutualAidGroupResponse(group=wire.group(made))

    async def ListMutualAidGroups(
        self, request: pb.ListMutualAidGroupsRequest, context: Context
    ) -> pb.ListMutualAidGroupsResponse:
        """Answer a page of groups."""
        where, size = wire.residential_group(request), page_size(request.page_size)
        after = wire.area_after(request.page_token)
        found = await self._queries.list_groups(where, after, size + 1)
        return wire.groups_page(found, size)

    async def ChangeMutualAidGroup(
        self, request: pb.ChangeMutualAidGroupRequest, context: Context
    ) -> pb.ChangeMutualAidGroupResponse:
        """Take households and devices into a group and others out."""
        group_id, members, note = wire.group_members(request)
        after = await self._operations.change_group(
            group_id, members, note, request.request_id, digest_of(request)
        )
        return pb.ChangeMutualAidGroupResponse(group=wire.group(after))

    async def RetireMutualAidGroup(
        self, request: pb.RetireMutualAidGroupRequest, context: Context
    ) -> pb.RetireMutualAidGroupResponse:
        """Take a group off the register."""
        group_id, note = wire.group_retirement(request)
        retired = await self._operations.retire_group(
            group_id, note, request.request_id, digest_of(request)
        )
        return pb.RetireMutualAidGroupResponse(group=wire.group(retired))

    async def ListMutualAidGroupChanges(
        self, request: pb.ListMutualAidGroupChangesRequest, context: Context
    ) -> pb.ListMutualAidGroupChangesResponse:
        """Answer a page of a group's history."""
        group_id, size = wire.group_id(request.group_id), page_size(request.page_size)
        before = change_before(request.page_token)
        found = await self._queries.list_changes(
            AreaKind.MUTUAL_AID_GROUP, group_id, before, size + 1
        )
        return wire.group_changes(found, size)
