"""The register of devices."""

import asyncio

from grpc import aio

from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import check_request_id, digest_of
from fire_safety.operations.devices import DeviceOperations
from fire_safety.queries.devices import DeviceQueries
from fire_safety.wire import devices as wire
from fire_safety.wire.device_tables.limits import OVER_THE_WIRE
from fire_safety.wire.device_tables.rows import read_table
from ward.fire_safety.v1 import devices_pb2 as pb
from ward.fire_safety.v1 import devices_pb2_grpc


class DevicesServicer(devices_pb2_grpc.DevicesServiceServicer):
    """The methods of `DevicesService`."""

    service: str = pb.DESCRIPTOR.services_by_name["DevicesService"].full_name

    def __init__(self, operations: DeviceOperations, queries: DeviceQueries) -> None:
        self._operations = operations
        self._queries = queries

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        devices_pb2_grpc.add_DevicesServiceServicer_to_server(self, server)

    async def GetDevice(
        self, request: pb.GetDeviceRequest, context: Context
    ) -> pb.GetDeviceResponse:
        """Answer one device."""
        found = await self._queries.get_device(wire.device_id(request.device_id))
        return pb.GetDeviceResponse(device=wire.device(found))

    async def ListWardDevices(
        self, request: pb.ListWardDevicesRequest, context: Context
    ) -> pb.ListWardDevicesResponse:
        """Answer a page of devices."""
        chosen, size = wire.device_filter(request), page_size(request.page_size)
        after = wire.device_after(request.page_token)
        found = await self._queries.list_devices(chosen, after, size + 1)
        return wire.devices_of_ward(found, size)

    async def ListDeviceChanges(
        self, request: pb.ListDeviceChangesRequest, context: Context
    ) -> pb.ListDeviceChangesResponse:
        """Answer a page of a device's history."""
        device_id, size = wire.device_id(request.device_id), page_size(request.page_size)
        before = wire.change_before(request.page_token)
        found = await self._queries.list_changes(device_id, before, size + 1)
        return wire.changes_page(found, size)

    async def SaveDevice(
        self, request: pb.SaveDeviceRequest, context: Context
    ) -> pb.SaveDeviceResponse:
        """Register a device, or change its entry."""
        saved = await self._operations.save(
            wire.entry(request), request.request_id, digest_of(request)
        )
        return pb.SaveDeviceResponse(device=wire.device(saved))

    async def RetireDevice(
        self, request: pb.RetireDeviceRequest, context: Context
    ) -> pb.RetireDeviceResponse:
        """Take a device down for good."""
        device_id, note = wire.retirement(request)
        retired = await self._operations.retire(
            device_id, note, request.request_id, digest_of(request)
        )
        return pb.RetireDeviceResponse(device=wire.device(retired))

    async def RecordDeviceTest(
        self, request: pb.RecordDeviceTestRequest, context: Context
    ) -> pb.RecordDeviceTestResponse:
        """Enter a test."""
        device_id, tested_on, result, note = wire.device_test(request)
        tested = await self._operations.record_test(
            device_id, tested_on, result, note, request.request_id, digest_of(request)
        )
        return pb.RecordDeviceTestResponse(device=wire.device(tested))

    async def ImportDevices(
        self, request: pb.ImportDevicesRequest, context: Context
    ) -> pb.ImportDevicesResponse:
        """Enter devices from a table, or tell what would become of it."""
        check_request_id(request.request_id)
        entries = await asyncio.to_thread(read_table, request.content, OVER_THE_WIRE)
        if request.dry_run:
            verdicts, entered = await self._operations.check(entries), False
        else:
            verdicts, entered = await self._operations.enter(
                entries,
                request.request_id,
                digest_of(request),
                allowed_only=request.allowed_rows_only,
            )
        return wire.import_answer(verdicts, entered=entered)
