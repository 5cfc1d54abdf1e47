"""Silence, modes, storms and rates over real gRPC: who may call, what comes back, what is refused."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from nats.aio.client import Client
from prometheus_client import REGISTRY

from chassis.clock import utc_now
from chassis.telemetry.metrics import DEVICES_WATCHED
from fire_safety.operations.register import RegisterOperations
from tests.fire_safety.conftest import Service
from tests.fire_safety.field import alarm_raised, publish_smoke
from tests.fire_safety.samples import APARTMENTS, PLACED, register
from tests.fire_safety.stored import outbox_of
from ward.fire_safety.v1 import alarm_overview_pb2 as overview_pb
from ward.fire_safety.v1 import fire_safety_pb2 as pb
from ward.fire_safety.v1 import modes_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

REQUEST_ID = "request-0001"


def from_now(**passed: float) -> Timestamp:
    """Tell a time from now on."""
    moment = Timestamp()
    moment.FromDatetime(utc_now() + timedelta(**passed))
    return moment


def wanted(**changes: Any) -> modes_pb2.SetDeviceModeRequest:
    """Ask for a test of the placed device for an hour."""
    fields: dict[str, Any] = {
        "request_id": REQUEST_ID,
        "kind": modes_pb2.DEVICE_MODE_KIND_TEST,
        "scope": modes_pb2.MODE_SCOPE_DEVICE,
        "target_id": PLACED.device_id,
        "reason": "thử định kỳ",
        "ends_at": from_now(hours=1),
    }
    return modes_pb2.SetDeviceModeRequest(**(fields | changes))


async def test_silenced_is_not_acknowledged(service: Service, broker: Client) -> None:
    """It says who and when, changes nothing a second time, and lists show the state it has."""
    await publish_smoke(broker.jetstream())
    alarm = await alarm_raised(service.database)
    request = pb.SilenceAlarmRequest(alarm_id=str(alarm.alarm_id), request_id=REQUEST_ID)

    silenced = (await service.call("SilenceAlarm", request)).alarm
    again = (await service.call("SilenceAlarm", request)).alarm
    active = await service.call("ListAlarms", pb.ListAlarmsRequest(state=pb.ALARM_STATE_ACTIVE))

    assert silenced.silenced_by
    assert silenced.HasField("silenced_at")
    assert not silenced.HasField("acknowledged_at")
    assert silenced.state == pb.ALARM_STATE_ACTIVE
    assert again == silenced
    assert list(active.alarms) == [silenced]
    refused = await service.refusal("SilenceAlarm", request, role="responder")
    assert refused == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")
    refused = await service.refusal("ListAlarms", pb.ListAlarmsRequest(state=99))
    assert refused == ("INVALID_ARGUMENT", "FIELD_INVALID")


async def test_a_mode_is_set_listed_and_ended(service: Service) -> None:
    """With who set it; what is over stays in the list of all."""
    mode = (await service.call("SetDeviceMode", wanted())).mode
    listed = modes_pb2.ListDeviceModesRequest(in_force_only=True)
    in_force = await service.call("ListDeviceModes", listed, role="ward_executive")
    end = modes_pb2.EndDeviceModeRequest(mode_id=mode.mode_id, request_id="request-0002")
    ended = (await service.call("EndDeviceMode", end)).mode

    assert mode.set_by
    assert (mode.premises_id, mode.reason) == (APARTMENTS.premises_id, "thử định kỳ")
    assert list(in_force.modes) == [mode]
    assert ended.ended_by == mode.set_by
    assert not (await service.call("ListDeviceModes", listed)).modes
    everything = await service.call("ListDeviceModes", modes_pb2.ListDeviceModesRequest())
    assert list(everything.modes) == [ended]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"request_id": "?"}, "FIELD_INVALID"),
        ({"kind": 0}, "FIELD_INVALID"),
        ({"scope": 9}, "FIELD_INVALID"),
        ({"reason": " x "}, "FIELD_INVALID"),
        ({"reason": "hai\ndòng"}, "FIELD_INVALID"),
        ({"reason": "do 999099000001 yêu cầu"}, "FIELD_INVALID"),
        ({"ends_at": None}, "FIELD_INVALID"),
        ({"ends_at": Timestamp(seconds=2**60)}, "FIELD_INVALID"),
        ({"ends_at": Timestamp(seconds=1)}, "FIELD_INVALID"),
        ({"ends_at": Timestamp(seconds=2**32)}, "DEVICE_MODE_TOO_LONG"),
        ({"target_id": "nothing"}, "MODE_TARGET_NOT_FOUND"),
        ({"target_id": "not an id\0"}, "FIELD_INVALID"),
    ],
)
async def test_a_mode_that_cannot_be_is_refused(
    service: Service, changes: dict[str, Any], reason: str
) -> None:
    """With the reason; nothing is set."""
    assert (await service.refusal("SetDeviceMode", wanted(**changes)))[1] == reason


async def test_a_mode_ends_by_itself_and_says_so(service: Service) -> None:
    """The running service notes it when its time is over."""
    await service.call("SetDeviceMode", wanted(ends_at=from_now(seconds=4)))

    async def ended() -> Any:
        while True:
            found = await service.call("ListDeviceModes", modes_pb2.ListDeviceModesRequest())
            if found.modes[0].HasField("ended_at"):
                return found.modes[0]
            await asyncio.sleep(0.1)

    mode = await asyncio.wait_for(ended(), 30)

    assert (mode.ended_at, mode.ended_by) == (mode.ends_at, "")


async def test_lists_refuse_tokens_of_other_lists(service: Service) -> None:
    """And have nothing to show yet."""
    for method, request in (
        ("ListDeviceModes", modes_pb2.ListDeviceModesRequest),
        ("ListSuppressedSignals", modes_pb2.ListSuppressedSignalsRequest),
        ("ListAlarmStorms", overview_pb.ListAlarmStormsRequest),
    ):
        assert not (await service.call(method, request())).next_page_token
        for token in ("?", "WyJhIl0", "WyJhIiwgImIiXQ", "WyIyMDI2LTAxLTAxIiwgImIiXQ"):
            code, reason = await service.refusal(method, request(page_token=token))
            assert (code, reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"), (method, token)


async def test_rates_need_a_period_and_a_grouping(service: Service) -> None:
    """The period ends now at the latest, and the answer says what it was."""
    by_device = overview_pb.FALSE_ALARM_GROUPING_DEVICE
    asked = overview_pb.ListFalseAlarmRatesRequest(
        grouping=by_device, begins_at=from_now(days=-30), ends_at=from_now(days=30)
    )
    answer = await service.call("ListFalseAlarmRates", asked)

    assert not answer.rates
    # Of two devices that were entered a moment ago.
    assert answer.total.device_days == pytest.approx(0, abs=0.1)
    assert not answer.total.HasField("false_share")
    assert answer.total.false_per_device_year == 0
    assert answer.ends_at.ToDatetime() < asked.ends_at.ToDatetime()
    for refused in (
        overview_pb.ListFalseAlarmRatesRequest(begins_at=from_now(days=-1), ends_at=from_now()),
        overview_pb.ListFalseAlarmRatesRequest(grouping=by_device, begins_at=from_now(days=-1)),
        overview_pb.ListFalseAlarmRatesRequest(
            grouping=by_device, begins_at=from_now(days=1), ends_at=from_now(days=2)
        ),
        # The least of all times, from which devices would have hung for infinite days.
        overview_pb.ListFalseAlarmRatesRequest(
            grouping=by_device, begins_at=Timestamp(seconds=-62_135_596_800), ends_at=from_now()
        ),
    ):
        code, reason = await service.refusal("ListFalseAlarmRates", refused)
        assert (code, reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")


async def test_events_of_modes_leave_with_their_cause(service: Service) -> None:
    """The running relay publishes them: nothing stays in the outbox."""
    await service.call("SetDeviceMode", wanted())

    async def published() -> None:
        while await outbox_of(service.database, "DeviceMode"):
            await asyncio.sleep(0.05)

    await asyncio.wait_for(published(), 30)


async def until_the_detector_has_looked(service: Service) -> None:
    """Wait until it watches a device that is entered now: it learns of devices first, and of modes in the same look."""

    async def watched(more_than: float) -> float:
        while (number := REGISTRY.get_sample_value("ward_devices_watched") or 0) <= more_than:
            await asyncio.sleep(0.1)
        return number

    # What an earlier test left there is not this detector's.
    DEVICES_WATCHED.set(0)
    before = await asyncio.wait_for(watched(0), 30)
    later = replace(PLACED, device_id="CS0001-D99")
    await RegisterOperations(service.database, utc_now, "11002").enter(register(later))
    await asyncio.wait_for(watched(before), 30)


async def test_a_disabled_device_dispatches_nothing_and_is_recorded(
    service: Service, broker: Client
) -> None:
    """The detector at work learns of it; what the device signals is listed with the mode, and nowhere an alarm."""
    disabled = modes_pb2.DEVICE_MODE_KIND_DISABLED
    mode = (await service.call("SetDeviceMode", wanted(kind=disabled))).mode
    everything = modes_pb2.ListSuppressedSignalsRequest()
    # Until the detector has learned of the mode, this would be an alarm.
    await until_the_detector_has_looked(service)
    await publish_smoke(broker.jetstream())

    async def recorded() -> Any:
        while not (found := await service.call("ListSuppressedSignals", everything)).signals:
            await asyncio.sleep(0.1)
        return found.signals[0]

    one = await asyncio.wait_for(recorded(), 30)

    assert (one.device_id, one.mode_id) == (PLACED.device_id, mode.mode_id)
    assert (one.kind, one.raised) == (pb.ALARM_KIND_SMOKE, True)
    assert one.signal_class == pb.SIGNAL_CLASS_DISABLED
    assert one.zone_name == "Bếp tầng 2"
    assert not (await service.call("ListAlarms", pb.ListAlarmsRequest())).alarms
