"""The register of devices over real gRPC: entered, changed, tested, retired, and every change on record."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import insert, select, update

from chassis.broker.messages import subject_of
from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.domain.devices.registration import MAX_REPORTING
from fire_safety.repository.rows import row_of_device
from tests.fire_safety.conftest import Service
from tests.fire_safety.samples import NOW, PLACED, UNPLACED
from ward.fire_safety.v1 import devices_pb2 as pb
from ward.fire_safety.v1 import fire_safety_pb2 as fire_safety

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

FIELD_INVALID = ("INVALID_ARGUMENT", "FIELD_INVALID")
NOT_FOUND = ("NOT_FOUND", "DEVICE_NOT_FOUND")
BAD_TOKEN = ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")
BAD_FILE = ("INVALID_ARGUMENT", "DEVICE_FILE_INVALID")
TO_COME: dict[str, Any] = {
    "device_id": PLACED.device_id,
    "result": pb.TEST_RESULT_PASSED,
    "tested_on": "2999-01-01",
}


def saving(request_id: str, mask: str = "", **fields: Any) -> pb.SaveDeviceRequest:
    """Make a request to save a device."""
    return pb.SaveDeviceRequest(
        device=fire_safety.Device(**fields),
        update_mask=FieldMask(paths=mask.split()),
        request_id=request_id,
    )


async def saved(service: Service, request: pb.SaveDeviceRequest) -> fire_safety.Device:
    """Save a device as the administrator."""
    answer = await service.call("SaveDevice", request, "administrator")
    return answer.device  # type: ignore[no-any-return] # of a method called by name


async def actions(service: Service, device_id: str) -> list[str]:
    """Read a device's history, oldest first."""
    request = pb.ListDeviceChangesRequest(device_id=device_id)
    answer = await service.call("ListDeviceChanges", request, "fire_officer")
    return [pb.DeviceChangeAction.Name(one.action)[21:] for one in reversed(answer.changes)]


async def events(database: Database) -> int:
    """Count the events of devices that wait in the outbox."""
    told = tables.outbox.c.subject == subject_of(pb.DevicesChanged)
    async with database.transaction() as tx:
        return len((await tx.execute(select(tables.outbox.c.position).where(told))).all())


async def test_a_gateway_that_is_full_takes_no_device_back_into_service(
    service: Service, database: Database
) -> None:
    """Whether it is named anew, or is that of a device which was retired behind it."""
    gateway = {"device_id": "GW-1", "interval_s": 60, "kind": fire_safety.DEVICE_KIND_GATEWAY}
    await saved(service, saving("request-0001", **gateway))
    await saved(
        service,
        saving("request-0002", device_id="OLD", interval_s=60, gateway_id="GW-1", retired=True),
    )
    others = [
        {**row_of_device(UNPLACED), "device_id": f"B-{n}", "gateway_id": "GW-1"}
        for n in range(MAX_REPORTING)
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(tables.devices), [{**one, "changed_at": NOW} for one in others])

    for number, (mask, fields) in enumerate(
        (
            ("retired", {"device_id": "OLD"}),
            ("", {"device_id": "NEW", "interval_s": 60, "gateway_id": "GW-1"}),
        )
    ):
        request = saving(f"request-1{number:03}", mask, **fields)
        assert await service.refusal("SaveDevice", request, "administrator") == FIELD_INVALID


async def test_a_device_from_its_registration_to_its_retirement(service: Service) -> None:
    """Each act once per request, with who did it and the entry after it."""
    gateway = {"device_id": "GW-1", "interval_s": 60, "kind": fire_safety.DEVICE_KIND_GATEWAY}
    await saved(service, saving("request-0001", **gateway))
    request = saving(
        "request-0002",
        device_id="D-1",
        premises_id="p-apartments",
        zone_id="z-kitchen",
        interval_s=30,
        gateway_id="GW-1",
        kind=fire_safety.DEVICE_KIND_CO,
        installed_on="2026-02-03",
        mutual_aid_group_id="g-1",
    )
    first = await saved(service, request)
    assert await saved(service, request) == first
    assert first.protocol == fire_safety.PROTOCOL_NATS
    changed = await saved(
        service, saving("request-0003", "model floor", device_id="D-1", model="KN")
    )
    unchanged = await saved(service, saving("request-0004", "model", device_id="D-1", model="KN"))
    assert (changed.model, changed.interval_s, changed.gateway_id) == ("KN", 30, "GW-1")
    assert unchanged == changed

    in_use = pb.RetireDeviceRequest(device_id="GW-1", request_id="request-0005")
    assert await service.refusal("RetireDevice", in_use, "administrator") == (
        "FAILED_PRECONDITION",
        "GATEWAY_IN_USE",
    )
    test = pb.RecordDeviceTestRequest(
        device_id="D-1",
        tested_on="2026-11-01",
        result=pb.TEST_RESULT_FAILED,
        note="không kêu",
        request_id="request-0006",
    )
    failed = (await service.call("RecordDeviceTest", test, "fire_officer")).device
    passed = await service.call(
        "RecordDeviceTest",
        pb.RecordDeviceTestRequest(
            device_id="D-1",
            tested_on="2026-11-02",
            result=pb.TEST_RESULT_PASSED,
            request_id="request-0007",
        ),
        "fire_officer",
    )
    assert (failed.last_test_failed, failed.last_tested_on) == (True, "")
    assert (passed.device.last_test_failed, passed.device.last_tested_on) == (False, "2026-11-02")

    for number in (8, 9):
        retiring = pb.RetireDeviceRequest(
            device_id="D-1", note="đã thay", request_id=f"request-000{number}"
        )
        assert (await service.call("RetireDevice", retiring, "administrator")).device.retired
    history = await service.call(
        "ListDeviceChanges",
        pb.ListDeviceChangesRequest(device_id="D-1", page_size=2),
        "administrator",
    )

    assert await actions(service, "D-1") == [
        "REGISTERED",
        "CHANGED",
        "TEST_FAILED",
        "TEST_PASSED",
        "RETIRED",
    ]
    retirement, last_test = history.changes
    assert history.next_page_token
    assert (retirement.note, retirement.device.retired) == ("đã thay", True)
    assert retirement.changed_by
    assert last_test.device == passed.device
    assert (await service.call("GetDevice", pb.GetDeviceRequest(device_id="D-1"))).device.retired


async def test_devices_of_the_ward_are_listed_by_filter(service: Service) -> None:
    """In pages, retired ones only when asked for."""
    await saved(service, saving("request-0001", device_id="GW", interval_s=60, kind=8))
    await saved(service, saving("request-0002", device_id="OLD", interval_s=60, retired=True))
    await saved(
        service,
        saving(
            "request-0003",
            device_id="IN-GROUP",
            interval_s=60,
            gateway_id="GW",
            mutual_aid_group_id="g-1",
        ),
    )

    async def listed(**chosen: Any) -> list[str]:
        answer = await service.call("ListWardDevices", pb.ListWardDevicesRequest(**chosen))
        return [one.device_id for one in answer.devices]

    in_service = sorted([PLACED.device_id, UNPLACED.device_id, "GW", "IN-GROUP"])
    assert await listed() == in_service
    assert await listed(retired=pb.RETIRED_FILTER_ONLY) == ["OLD"]
    assert await listed(retired=pb.RETIRED_FILTER_INCLUDED) == sorted([*in_service, "OLD"])
    assert await listed(premises_id="p-apartments") == [PLACED.device_id]
    assert await listed(unplaced_only=True) == sorted([UNPLACED.device_id, "GW", "IN-GROUP"])
    assert await listed(clock_skewed_only=True) == []
    async with service.database.transaction() as tx:
        wrong = tables.devices.c.device_id == "GW"
        await tx.execute(update(tables.devices).where(wrong).values(clock_skewed=True))
    assert await listed(clock_skewed_only=True) == ["GW"]
    assert await listed(kind=fire_safety.DEVICE_KIND_GATEWAY) == ["GW"]
    assert await listed(gateway_id="GW") == ["IN-GROUP"]
    assert await listed(mutual_aid_group_id="g-1") == ["IN-GROUP"]
    page = await service.call("ListWardDevices", pb.ListWardDevicesRequest(page_size=3))
    assert await listed(page_token=page.next_page_token) == in_service[3:]


BAD_REQUESTS = [
    ("GetDevice", pb.GetDeviceRequest(device_id="nobody"), NOT_FOUND),
    ("GetDevice", pb.GetDeviceRequest(device_id="a\0b"), FIELD_INVALID),
    ("ListDeviceChanges", pb.ListDeviceChangesRequest(device_id="nobody"), NOT_FOUND),
    ("ListDeviceChanges", pb.ListDeviceChangesRequest(device_id="D", page_token="x"), BAD_TOKEN),
    ("ListWardDevices", pb.ListWardDevicesRequest(kind=99), FIELD_INVALID),  # type: ignore[arg-type]
    ("ListWardDevices", pb.ListWardDevicesRequest(retired=99), FIELD_INVALID),  # type: ignore[arg-type]
    ("ListWardDevices", pb.ListWardDevicesRequest(gateway_id="a b"), FIELD_INVALID),
    ("SaveDevice", saving("request-0001", device_id="a b", interval_s=1), FIELD_INVALID),
    ("SaveDevice", saving("request-0001", device_id="D", interval_s=0), FIELD_INVALID),
    ("SaveDevice", saving("request-0001", device_id="D", interval_s=1, kind=99), FIELD_INVALID),
    ("SaveDevice", saving("request-0001", device_id="D", interval_s=1, premises_id="p-no"), FIELD_INVALID),
    ("SaveDevice", saving("request-0001", device_id="D", interval_s=1, installed_on="3/2"), FIELD_INVALID),
    ("SaveDevice", saving("request-0001", "last_seen_at", device_id="D", interval_s=1), FIELD_INVALID),
    ("SaveDevice", saving("short", device_id="D", interval_s=1), FIELD_INVALID),
    ("RetireDevice", pb.RetireDeviceRequest(device_id="nobody", request_id="request-0001"), NOT_FOUND),
    ("RetireDevice", pb.RetireDeviceRequest(device_id="D", note="x" * 501, request_id="request-0001"), FIELD_INVALID),
    ("RetireDevice", pb.RetireDeviceRequest(device_id="D", note="\u202ea", request_id="request-01"), FIELD_INVALID),
    ("RetireDevice", pb.RetireDeviceRequest(device_id="D", note="999099000001", request_id="retire-1"), FIELD_INVALID),
    ("RecordDeviceTest", pb.RecordDeviceTestRequest(device_id="D", request_id="request-0001"), FIELD_INVALID),
    ("RecordDeviceTest", pb.RecordDeviceTestRequest(**TO_COME, request_id="request-0001"), FIELD_INVALID),
    ("ImportDevices", pb.ImportDevicesRequest(content=b"x", request_id="request-0001"), BAD_FILE),
]  # fmt: skip


async def test_bad_requests_are_refused_with_their_reason(service: Service) -> None:
    """As the contract says; and whoever may only look changes nothing."""
    for method, request, expected in BAD_REQUESTS:
        assert await service.refusal(method, request, "administrator") == expected, request
    for method in ("SaveDevice", "RetireDevice", "RecordDeviceTest", "ImportDevices"):
        request = next(one for name, one, _ in BAD_REQUESTS if name == method)
        refused = await service.refusal(method, request, "duty_officer")
        assert refused == ("PERMISSION_DENIED", "ROLE_NOT_ALLOWED")


async def test_a_table_is_entered_as_a_whole_or_not_at_all(service: Service) -> None:
    """Told row by row; entered again it changes nothing."""
    good = b"device_id,interval_s,premises_id\nT-1,60,CS-0001\n"
    bad = good + b"T-2,0,\n"

    async def imported(content: bytes, number: int, **flags: bool) -> pb.ImportDevicesResponse:
        request = pb.ImportDevicesRequest(
            content=content, request_id=f"request-{number:04}", **flags
        )
        return await service.call("ImportDevices", request, "administrator")  # type: ignore[no-any-return] # as above

    def outcomes(answer: pb.ImportDevicesResponse) -> list[str]:
        return [pb.ImportOutcome.Name(one.outcome)[15:] for one in answer.rows]

    refused = await imported(bad, 1)
    dry = await imported(good, 2, dry_run=True)
    assert (outcomes(refused), refused.entered) == (["NEW", "REFUSED"], False)
    assert (outcomes(dry), dry.entered) == (["NEW"], False)
    assert refused.rows[1].row == 3
    assert [one.field for one in refused.rows[1].faults] == ["interval_s"]
    assert await service.refusal("GetDevice", pb.GetDeviceRequest(device_id="T-1")) == NOT_FOUND

    partly = await imported(bad, 3, allowed_rows_only=True)
    again = await imported(good, 4)
    repeated = await imported(good, 4)
    found = await service.call("GetDevice", pb.GetDeviceRequest(device_id="T-1"))

    assert (outcomes(partly), partly.entered) == (["NEW", "REFUSED"], True)
    assert outcomes(again) == outcomes(repeated) == ["UNCHANGED"]
    assert found.device.premises_id == "p-apartments"
    assert await actions(service, "T-1") == ["REGISTERED"]
