"""Premises and alarms."""

from collections.abc import AsyncIterator

from grpc import aio

from chassis.broker.feed import Feed
from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import digest_of
from fire_safety.operations.alarms import AlarmOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.queries.premises import PremisesQueries
from fire_safety.wire import alarms as alarm_wire
from fire_safety.wire import devices as devices_wire
from fire_safety.wire import premises as premises_wire
from ward.fire_safety.v1 import fire_safety_pb2 as pb
from ward.fire_safety.v1 import fire_safety_pb2_grpc


class FireSafetyServicer(fire_safety_pb2_grpc.FireSafetyServiceServicer):
    """The methods of `FireSafetyService`."""

    service: str = pb.DESCRIPTOR.services_by_name["FireSafetyService"].full_name

    def __init__(
        self,
        operations: AlarmOperations,
        alarms: AlarmQueries,
        premises: PremisesQueries,
        feed: Feed,
        ward_code: str,
    ) -> None:
        self._operations = operations
        self._alarms = alarms
        self._premises = premises
        self._feed = feed
        self._ward_code = ward_code

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        fire_safety_pb2_grpc.add_FireSafetyServiceServicer_to_server(self, server)

    async def GetPremises(
        self, request: pb.GetPremisesRequest, context: Context
    ) -> pb.GetPremisesResponse:
        """Answer one premises."""
        premises_id = premises_wire.premises_id(request.premises_id)
        found = await self._premises.get_premises(premises_id)
        return pb.GetPremisesResponse(premises=premises_wire.premises(found))

    async def ListPremises(
        self, request: pb.ListPremisesRequest, context: Context
    ) -> pb.ListPremisesResponse:
        """Answer a page of premises."""
        group, kind = (
            premises_wire.residential_group(request),
            premises_wire.premises_kind(request),
        )
        size = page_size(request.page_size)
        after = premises_wire.premises_after(request.page_token)
        found = await self._premises.list_premises(group, kind, after, size + 1)
        return premises_wire.premises_page(found, size)

    async def ListDevices(
        self, request: pb.ListDevicesRequest, context: Context
    ) -> pb.ListDevicesResponse:
        """Answer a page of devices."""
        premises_id = premises_wire.premises_id(request.premises_id)
        size = page_size(request.page_size)
        after = devices_wire.device_after(request.page_token)
        found = await self._premises.list_devices(premises_id, after, size + 1)
        return devices_wire.devices_of_premises(found, size)

    async def GetAlarm(self, request: pb.GetAlarmRequest, context: Context) -> pb.GetAlarmResponse:
        """Answer one alarm."""
        found = await self._alarms.get_alarm(alarm_wire.alarm_id(request.alarm_id))
        return pb.GetAlarmResponse(alarm=alarm_wire.alarm(found))

    async def ListAlarms(
        self, request: pb.ListAlarmsRequest, context: Context
    ) -> pb.ListAlarmsResponse:
        """Answer a page of alarms."""
        chosen, size = alarm_wire.alarm_filter(request), page_size(request.page_size)
        after = alarm_wire.page_after(request.page_token)
        found = await self._alarms.list_alarms(chosen, after, size + 1)
        return alarm_wire.alarms_page(found, size)

    async def AcknowledgeAlarm(
        self, request: pb.AcknowledgeAlarmRequest, context: Context
    ) -> pb.AcknowledgeAlarmResponse:
        """Note that the caller has seen an alarm."""
        alarm_id = alarm_wire.acknowledgement(request)
        alarm = await self._operations.acknowledge(
            alarm_id, request.request_id, digest_of(request)
        )
        return pb.AcknowledgeAlarmResponse(alarm=alarm_wire.alarm(alarm))

    async def SilenceAlarm(
        self, request: pb.SilenceAlarmRequest, context: Context
    ) -> pb.SilenceAlarmResponse:
        """Note that an alarm need not be sounded any longer."""
        alarm_id = alarm_wire.silence(request)
        alarm = await self._operations.silence(alarm_id, request.request_id, digest_of(request))
        return pb.SilenceAlarmResponse(alarm=alarm_wire.alarm(alarm))

    async def ResetAlarm(
        self, request: pb.ResetAlarmRequest, context: Context
    ) -> pb.ResetAlarmResponse:
        """End an alarm."""
        alarm_id, disposition = alarm_wire.reset(request)
        alarm = await self._operations.reset(
            alarm_id, disposition, request.request_id, digest_of(request)
        )
        return pb.ResetAlarmResponse(alarm=alarm_wire.alarm(alarm))

    async def WatchAlarms(
        self, request: pb.WatchAlarmsRequest, context: Context
    ) -> AsyncIterator[pb.WatchAlarmsResponse]:
        """Send changes of the ward's alarms until the watcher leaves."""
        async for event in self._feed.watch(request.resume_token):
            told = alarm_wire.watched(
                event.resume_token,
                event.subject,
                event.payload,
                self._ward_code,
                system_status=request.system_status,
            )
            if told is not None:
                yield told
