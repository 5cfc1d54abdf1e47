"""The contract over real gRPC: who may call, what comes back, what is refused, and watching."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from grpc import aio
from nats.aio.client import Client

from chassis.broker.messages import EVENT_ID_HEADER, subject_of
from tests.fire_safety.conftest import Service, refusal_of
from tests.fire_safety.field import (
    alarm_raised,
    alarm_restored,
    now_ms,
    publish,
    publish_smoke,
    written,
)
from tests.fire_safety.samples import APARTMENTS, MARKET, PLACED
from ward.fire_safety.v1 import fire_safety_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

REQUEST_ID = "request-0001"


# ---------------------------------------------------------------- the register


async def test_premises_come_as_they_were_entered(service: Service) -> None:
    """With hazards, access, zones in their order, and the suspension in force."""
    first = await service.call("GetPremises", pb.GetPremisesRequest(premises_id="p-apartments"))
    second = await service.call("GetPremises", pb.GetPremisesRequest(premises_id="p-market"))

    premises = first.premises
    assert (premises.code, premises.kind) == ("CS-0001", pb.PREMISES_KIND_APARTMENT_BUILDING)
    assert [one.name for one in premises.zones] == ["Bếp tầng 2", "Hành lang tầng 1"]
    assert premises.hazards[0].quantity == "40 xe"
    assert premises.access.water_distance_m == 120
    assert premises.position.latitude == pytest.approx(20.86)
    assert not premises.HasField("suspension")
    assert second.premises.suspension.effective_from == "2026-05-04"
    assert not second.premises.HasField("position")


async def test_contacts_are_told_nowhere_but_in_the_brief(service: Service) -> None:
    """Names and phones are personal data, and these answers leave no access record."""
    one = await service.call("GetPremises", pb.GetPremisesRequest(premises_id="p-apartments"))
    page = await service.call("ListPremises", pb.ListPremisesRequest())

    assert not one.premises.contacts
    assert not any(premises.contacts for premises in page.premises)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetPremises", pb.GetPremisesRequest(premises_id="p-apartments")),
        ("ListPremises", pb.ListPremisesRequest()),
        ("ListDevices", pb.ListDevicesRequest(premises_id="p-apartments")),
        ("ListAlarms", pb.ListAlarmsRequest()),
    ],
)
async def test_an_administrator_sees_the_register_without_persons(
    service: Service, method: str, request_: Any
) -> None:
    """Whoever keeps the sensors alive must find them; names and phones are in none of these answers."""
    answer = await service.call(method, request_, "administrator")

    assert answer == await service.call(method, request_)
    assert "contacts" not in str(answer)


async def test_premises_are_listed_in_pages(service: Service) -> None:
    """In order of their code, by group and by kind."""
    page = await service.call("ListPremises", pb.ListPremisesRequest(page_size=1))
    rest = await service.call(
        "ListPremises", pb.ListPremisesRequest(page_size=1, page_token=page.next_page_token)
    )
    of_group = await service.call("ListPremises", pb.ListPremisesRequest(residential_group=4))
    of_kind = await service.call(
        "ListPremises", pb.ListPremisesRequest(kind=pb.PREMISES_KIND_MARKET)
    )
    of_none = await service.call(
        "ListPremises", pb.ListPremisesRequest(kind=pb.PREMISES_KIND_YARD)
    )

    assert [one.code for one in page.premises] == [APARTMENTS.code]
    assert [one.code for one in rest.premises] == [MARKET.code]
    assert rest.next_page_token == ""
    assert [one.code for one in of_group.premises] == [MARKET.code]
    assert [one.code for one in of_kind.premises] == [MARKET.code]
    assert list(of_none.premises) == []


async def test_devices_of_premises(service: Service) -> None:
    """Those that hang there; premises without devices have none, others are not found."""
    here = await service.call("ListDevices", pb.ListDevicesRequest(premises_id="p-apartments"))
    none = await service.call("ListDevices", pb.ListDevicesRequest(premises_id="p-market"))

    assert [one.device_id for one in here.devices] == [PLACED.device_id]
    assert not here.devices[0].HasField("last_seen_at")
    assert list(none.devices) == []
    for wrong in ("p-nowhere", "", "\n", "x" * 65):
        request = pb.ListDevicesRequest(premises_id=wrong)
        assert await service.refusal("ListDevices", request) == ("NOT_FOUND", "PREMISES_NOT_FOUND")


# ---------------------------------------------------------------- refusals


NOT_FOUND_ALARM = ("NOT_FOUND", "ALARM_NOT_FOUND")
FIELD_INVALID = ("INVALID_ARGUMENT", "FIELD_INVALID")
NOBODY = "00000000-0000-0000-0000-000000000000"
BAD_REQUESTS = [
    ("GetPremises", pb.GetPremisesRequest(premises_id="p-no"), ("NOT_FOUND", "PREMISES_NOT_FOUND")),
    ("ListPremises", pb.ListPremisesRequest(residential_group=2**32 - 1), FIELD_INVALID),
    ("ListPremises", pb.ListPremisesRequest(kind=99), FIELD_INVALID),  # type: ignore[arg-type]
    ("GetAlarm", pb.GetAlarmRequest(alarm_id="no-uuid"), NOT_FOUND_ALARM),
    ("GetAlarm", pb.GetAlarmRequest(alarm_id=NOBODY), NOT_FOUND_ALARM),
    ("ListAlarms", pb.ListAlarmsRequest(page_size=-1), FIELD_INVALID),
    ("ListAlarms", pb.ListAlarmsRequest(page_token="x"), ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")),
    ("ListAlarms", pb.ListAlarmsRequest(premises_id="a b"), FIELD_INVALID),
    ("ListAlarms", pb.ListAlarmsRequest(signal_class=99), FIELD_INVALID),  # type: ignore[arg-type]
    ("AcknowledgeAlarm", pb.AcknowledgeAlarmRequest(alarm_id=NOBODY, request_id="short"), FIELD_INVALID),
    ("ResetAlarm", pb.ResetAlarmRequest(alarm_id=NOBODY, request_id=REQUEST_ID), FIELD_INVALID),
    ("AcknowledgeAlarm", pb.AcknowledgeAlarmRequest(alarm_id="x", request_id=REQUEST_ID), NOT_FOUND_ALARM),
    ("AcknowledgeAlarm", pb.AcknowledgeAlarmRequest(alarm_id=NOBODY, request_id=REQUEST_ID), NOT_FOUND_ALARM),
]  # fmt: skip


async def test_bad_requests_are_refused_with_their_reason(service: Service) -> None:
    """As the contract says."""
    for method, request, expected in BAD_REQUESTS:
        assert await service.refusal(method, request) == expected, method


async def test_roles_are_the_contract_s(service: Service) -> None:
    """A responder may look at alarms, not acknowledge them; a resident may do nothing here."""
    acknowledge = pb.AcknowledgeAlarmRequest(alarm_id="x", request_id=REQUEST_ID)
    not_allowed = ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")

    await service.call("ListAlarms", pb.ListAlarmsRequest(), "responder")

    assert await service.refusal("AcknowledgeAlarm", acknowledge, "responder") == not_allowed
    assert (
        await service.refusal("ListAlarms", pb.ListAlarmsRequest(), "residence_officer")
        == not_allowed
    )
    with pytest.raises(aio.AioRpcError) as refused:
        await service.stub.ListAlarms(pb.ListAlarmsRequest())
    assert refusal_of(refused.value) == ("UNAUTHENTICATED", "TOKEN_MISSING")


# ---------------------------------------------------------------- alarms


async def test_an_alarm_from_the_field_to_its_reset(service: Service, broker: Client) -> None:
    """Raised, seen, not to be reset while it burns, restored, reset with a disposition."""
    await publish_smoke(broker.jetstream())
    alarm_id = str((await alarm_raised(service.database)).alarm_id)
    listed = await service.call("ListAlarms", pb.ListAlarmsRequest(open_only=True))
    assert [one.alarm_id for one in listed.alarms] == [alarm_id]

    seen = await service.call(
        "AcknowledgeAlarm", pb.AcknowledgeAlarmRequest(alarm_id=alarm_id, request_id=REQUEST_ID)
    )
    assert seen.alarm.state == pb.ALARM_STATE_ACKNOWLEDGED
    assert seen.alarm.acknowledged_by
    reset = pb.ResetAlarmRequest(
        alarm_id=alarm_id, request_id="request-0002", disposition=pb.DISPOSITION_FIRE
    )
    assert await service.refusal("ResetAlarm", reset, "fire_officer") == (
        "FAILED_PRECONDITION",
        "ALARM_NOT_RESTORED",
    )

    now = now_ms()
    await publish(broker.jetstream(), [written(now + 1000 * t) for t in range(0, 50, 10)])
    await alarm_restored(service.database)
    ended = await service.call("ResetAlarm", reset, "fire_officer")

    assert ended.alarm.state == pb.ALARM_STATE_RESET
    assert ended.alarm.disposition == pb.DISPOSITION_FIRE
    assert await service.call("ResetAlarm", reset, "fire_officer") == ended
    again = pb.ResetAlarmRequest(
        alarm_id=alarm_id, request_id="request-0003", disposition=pb.DISPOSITION_FIRE
    )
    assert await service.refusal("ResetAlarm", again) == (
        "FAILED_PRECONDITION",
        "ALARM_ALREADY_RESET",
    )
    open_now = await service.call("ListAlarms", pb.ListAlarmsRequest(open_only=True))
    assert list(open_now.alarms) == []


async def test_alarms_are_listed_newest_first_and_by_filter(
    service: Service, broker: Client
) -> None:
    """By device, premises and class, in pages."""
    for device_id in (PLACED.device_id, "stranger-1", "stranger-2"):
        await publish_smoke(broker.jetstream(), device_id)
        await alarm_raised(service.database, device_id)

    async def listed(**chosen: Any) -> list[str]:
        found = await service.call("ListAlarms", pb.ListAlarmsRequest(**chosen))
        return [one.device_id for one in found.alarms]

    page = await service.call("ListAlarms", pb.ListAlarmsRequest(page_size=2))

    assert [one.device_id for one in page.alarms] == ["stranger-2", "stranger-1"]
    assert await listed(page_size=2, page_token=page.next_page_token) == [PLACED.device_id]
    assert await listed(device_id="stranger-1") == ["stranger-1"]
    assert await listed(premises_id="p-apartments") == [PLACED.device_id]
    assert len(await listed(signal_class=pb.SIGNAL_CLASS_ALARM)) == 3
    assert await listed(signal_class=pb.SIGNAL_CLASS_TROUBLE) == []


# ---------------------------------------------------------------- watching


@asynccontextmanager
async def watching(service: Service, resume_token: str = "") -> AsyncGenerator[Any]:
    """Watch alarms as the duty officer, let in when the block begins."""
    call = service.stub.WatchAlarms(
        pb.WatchAlarmsRequest(resume_token=resume_token),
        metadata=service.credentials("duty_officer"),
    )
    await call.initial_metadata()
    yield call
    call.cancel()


async def next_change(call: Any) -> pb.WatchAlarmsResponse:
    """Wait for the next change."""
    return await asyncio.wait_for(call.read(), 30)


async def test_a_watcher_sees_each_change_and_resumes_where_it_left(
    service: Service, broker: Client
) -> None:
    """What happened while it was away comes first, nothing twice, and nothing of a ward that shares the broker."""
    far = pb.AlarmRaised(alarm=pb.Alarm(alarm_id=str(uuid4()), ward_code="99999"))
    async with watching(service) as first:
        for payload in (far.SerializeToString(), b"\xff"):
            await broker.jetstream().publish(
                subject_of(pb.AlarmRaised), payload, headers={EVENT_ID_HEADER: str(uuid4())}
            )
        await publish_smoke(broker.jetstream())
        raised = await next_change(first)
    acknowledge = pb.AcknowledgeAlarmRequest(alarm_id=raised.alarm.alarm_id, request_id=REQUEST_ID)
    await service.call("AcknowledgeAlarm", acknowledge)
    async with watching(service, raised.resume_token) as second:
        acknowledged = await next_change(second)
        now = now_ms()
        await publish(broker.jetstream(), [written(now + 1000 * t) for t in range(0, 50, 10)])
        restored = await next_change(second)

    assert [one.event for one in (raised, acknowledged, restored)] == [
        "AlarmRaised",
        "AlarmAcknowledged",
        "AlarmRestored",
    ]
    assert [one.alarm.version for one in (raised, acknowledged, restored)] == [1, 2, 3]


async def test_a_wrong_resume_token_is_refused(service: Service) -> None:
    """One that is none, and one of another stream."""
    for token, expected in {
        "no": ("INVALID_ARGUMENT", "RESUME_TOKEN_INVALID"),
        "999999": ("OUT_OF_RANGE", "RESUME_TOKEN_EXPIRED"),
    }.items():
        call = service.stub.WatchAlarms(
            pb.WatchAlarmsRequest(resume_token=token),
            metadata=service.credentials("duty_officer"),
        )
        with pytest.raises(aio.AioRpcError) as refused:
            await call.read()
        assert refusal_of(refused.value) == expected
