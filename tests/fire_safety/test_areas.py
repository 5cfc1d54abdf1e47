"""Detection zones and mutual-aid groups over real gRPC: made, changed, retired, and every change on record."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.clock import utc_now
from chassis.storage.database import Database
from fire_safety.operations.register import RegisterOperations
from tests.fire_safety.conftest import Service
from tests.fire_safety.samples import APARTMENTS, MARKET, PLACED, UNPLACED, register
from ward.fire_safety.v1 import areas_pb2 as pb
from ward.fire_safety.v1 import devices_pb2, fire_safety_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

DEVICE = PLACED.device_id


async def create_zone(service: Service, **more: Any) -> pb.DetectionZone:
    """Make a zone of the apartments, with the placed device unless said otherwise."""
    fields = {
        "request_id": "create-0001",
        "premises_id": APARTMENTS.premises_id,
        "name": "Hầm xe",
        "floor": -1,
        "device_ids": [DEVICE],
    }
    request = pb.CreateZoneRequest(**{**fields, **more})
    zone: pb.DetectionZone = (await service.call("CreateZone", request, "fire_officer")).zone
    return zone


async def create_group(service: Service, **more: Any) -> pb.MutualAidGroup:
    """Make a group of two households that interlinks one device."""
    fields = {
        "request_id": "create-0001",
        "residential_group": 5,
        "name": "Tổ liên gia 07",
        "dwelling_ids": ["d-8", "d-7"],
        "device_ids": [UNPLACED.device_id],
    }
    request = pb.CreateMutualAidGroupRequest(**{**fields, **more})
    answer = await service.call("CreateMutualAidGroup", request, "fire_officer")
    group: pb.MutualAidGroup = answer.group
    return group


async def device(service: Service, device_id: str) -> fire_safety_pb2.Device:
    """Read a device's entry."""
    request = devices_pb2.GetDeviceRequest(device_id=device_id)
    found: fire_safety_pb2.Device = (await service.call("GetDevice", request)).device
    return found


async def test_a_zone_is_made_with_its_devices_once(service: Service) -> None:
    """They leave the zone that they were in; the premises show it; a repeat makes no second one."""
    zone = await create_zone(service)
    again = await create_zone(service)
    listed = await service.call(
        "ListZones", pb.ListZonesRequest(premises_id=APARTMENTS.premises_id)
    )
    request = fire_safety_pb2.GetPremisesRequest(premises_id=APARTMENTS.premises_id)
    premises = (await service.call("GetPremises", request)).premises

    assert again == zone
    assert (zone.name, zone.floor, list(zone.device_ids)) == ("Hầm xe", -1, [DEVICE])
    assert {one.zone_id: list(one.device_ids) for one in listed.zones} == {
        "z-hall": [],
        "z-kitchen": [],
        zone.zone_id: [DEVICE],
    }
    assert (await device(service, DEVICE)).zone_id == zone.zone_id
    assert [one.name for one in premises.zones] == ["Bếp tầng 2", "Hành lang tầng 1", "Hầm xe"]
    assert premises.version == 2


async def test_a_zone_lives_and_ends_on_record(service: Service) -> None:
    """It is retired once no device is in it; then it is listed nowhere, and its history stays."""
    zone = await create_zone(service)
    retiring = pb.RetireZoneRequest(request_id="retire-0001", zone_id=zone.zone_id, note="dỡ bỏ")
    assert await service.refusal("RetireZone", retiring, "fire_officer") == (
        "FAILED_PRECONDITION",
        "AREA_IN_USE",
    )
    leaving = pb.ChangeZoneDevicesRequest(
        request_id="change-0001", zone_id=zone.zone_id, remove_device_ids=[DEVICE]
    )
    await service.call("ChangeZoneDevices", leaving, "fire_officer")
    unchanged = pb.ChangeZoneDevicesRequest(
        request_id="change-0002", zone_id=zone.zone_id, remove_device_ids=[DEVICE]
    )
    await service.call("ChangeZoneDevices", unchanged, "fire_officer")

    retired = await service.call("RetireZone", retiring, "fire_officer")
    repeated = await service.call("RetireZone", retiring, "fire_officer")
    history = await service.call(
        "ListZoneChanges", pb.ListZoneChangesRequest(zone_id=zone.zone_id), "administrator"
    )
    listed = await service.call(
        "ListZones", pb.ListZonesRequest(premises_id=APARTMENTS.premises_id)
    )

    assert repeated == retired
    assert [one.zone_id for one in listed.zones] == ["z-hall", "z-kitchen"]
    assert [(one.action, list(one.zone.device_ids), one.note) for one in history.changes] == [
        (pb.AREA_CHANGE_ACTION_RETIRED, [], "dỡ bỏ"),
        (pb.AREA_CHANGE_ACTION_CHANGED, [], ""),
        (pb.AREA_CHANGE_ACTION_CREATED, [DEVICE], ""),
    ]
    assert all(one.changed_by for one in history.changes)
    assert (await device(service, DEVICE)).zone_id == ""


async def test_a_retired_device_is_put_into_nothing(service: Service) -> None:
    """It was, and shown in nothing: whoever did it took the device for interlinked."""
    group = await create_group(service, request_id="create-0001")
    zone = await create_zone(service, request_id="create-0002")
    retiring = devices_pb2.RetireDeviceRequest(device_id=DEVICE, request_id="retire-0001")
    await service.call("RetireDevice", retiring, "fire_officer")
    into_group = pb.ChangeMutualAidGroupRequest(
        request_id="change-0001", group_id=group.group_id, add_device_ids=[DEVICE]
    )
    into_zone = pb.ChangeZoneDevicesRequest(
        request_id="change-0002", zone_id=zone.zone_id, add_device_ids=[DEVICE]
    )

    for method, request in (
        ("ChangeMutualAidGroup", into_group),
        ("ChangeZoneDevices", into_zone),
    ):
        refused = await service.refusal(method, request, "fire_officer")
        assert refused == ("FAILED_PRECONDITION", "DEVICE_RETIRED")


async def test_a_group_lives_and_ends_on_record(service: Service) -> None:
    """Households and devices come and leave; the same request changes nothing twice."""
    group = await create_group(service)
    changing = pb.ChangeMutualAidGroupRequest(
        request_id="change-0001",
        group_id=group.group_id,
        add_dwelling_ids=["d-9"],
        remove_dwelling_ids=["d-7"],
        add_device_ids=[DEVICE],
        remove_device_ids=[UNPLACED.device_id],
    )
    changed = await service.call("ChangeMutualAidGroup", changing, "fire_officer")
    assert await service.call("ChangeMutualAidGroup", changing, "fire_officer") == changed
    listed = await service.call(
        "ListMutualAidGroups", pb.ListMutualAidGroupsRequest(residential_group=5)
    )
    retiring = pb.RetireMutualAidGroupRequest(request_id="retire-0001", group_id=group.group_id)
    in_use = await service.refusal("RetireMutualAidGroup", retiring, "fire_officer")
    emptying = pb.ChangeMutualAidGroupRequest(
        request_id="change-0002", group_id=group.group_id, remove_device_ids=[DEVICE]
    )
    await service.call("ChangeMutualAidGroup", emptying, "fire_officer")
    await service.call("RetireMutualAidGroup", retiring, "fire_officer")
    left = await service.call("ListMutualAidGroups", pb.ListMutualAidGroupsRequest())
    history = await service.call(
        "ListMutualAidGroupChanges",
        pb.ListMutualAidGroupChangesRequest(group_id=group.group_id, page_size=3),
        "administrator",
    )

    assert (list(group.dwelling_ids), list(group.device_ids)) == (
        ["d-7", "d-8"],
        [UNPLACED.device_id],
    )
    assert list(listed.groups) == [changed.group]
    assert (list(changed.group.dwelling_ids), list(changed.group.device_ids)) == (
        ["d-8", "d-9"],
        [DEVICE],
    )
    assert in_use == ("FAILED_PRECONDITION", "AREA_IN_USE")
    assert [one.group_id for one in left.groups] == ["g-1"]
    assert [one.action for one in history.changes] == [
        pb.AREA_CHANGE_ACTION_RETIRED,
        pb.AREA_CHANGE_ACTION_CHANGED,
        pb.AREA_CHANGE_ACTION_CHANGED,
    ]
    rest = await service.call(
        "ListMutualAidGroupChanges",
        pb.ListMutualAidGroupChangesRequest(
            group_id=group.group_id, page_size=3, page_token=history.next_page_token
        ),
        "administrator",
    )
    assert [one.action for one in rest.changes] == [pb.AREA_CHANGE_ACTION_CREATED]


async def test_a_register_that_is_entered_again_keeps_the_zones_made_here(
    service: Service, database: Database
) -> None:
    """The file knows nothing of them; it takes back what it does know of."""
    zone = await create_zone(service, device_ids=[])
    await RegisterOperations(database, utc_now, "11002").enter(register())

    listed = await service.call(
        "ListZones", pb.ListZonesRequest(premises_id=APARTMENTS.premises_id)
    )
    assert zone.zone_id in [one.zone_id for one in listed.zones]


_ELSEWHERE = ("INVALID_ARGUMENT", "FIELD_INVALID")


@pytest.mark.parametrize(
    ("method", "request_", "refused"),
    [
        (
            "CreateZone",
            pb.CreateZoneRequest(request_id="create-0001", premises_id="none", name="x"),
            ("NOT_FOUND", "PREMISES_NOT_FOUND"),
        ),
        (
            "CreateZone",
            pb.CreateZoneRequest(request_id="create-0001", premises_id="p-market", name=" "),
            _ELSEWHERE,
        ),
        (
            "CreateZone",
            pb.CreateZoneRequest(
                request_id="create-0001", premises_id="p-market", name="Nhà 999099000001"
            ),
            _ELSEWHERE,
        ),
        (
            "CreateZone",
            pb.CreateZoneRequest(
                request_id="create-0001", premises_id="p-market", name="x", device_ids=[DEVICE]
            ),
            _ELSEWHERE,
        ),
        (
            "ChangeZoneDevices",
            pb.ChangeZoneDevicesRequest(
                request_id="change-0001", zone_id="z-hall", add_device_ids=["NOBODY"]
            ),
            ("NOT_FOUND", "DEVICE_NOT_FOUND"),
        ),
        (
            "RetireZone",
            pb.RetireZoneRequest(request_id="retire-0001", zone_id="none"),
            ("NOT_FOUND", "ZONE_NOT_FOUND"),
        ),
        (
            "ListZoneChanges",
            pb.ListZoneChangesRequest(zone_id="none"),
            ("NOT_FOUND", "ZONE_NOT_FOUND"),
        ),
        (
            "ChangeMutualAidGroup",
            pb.ChangeMutualAidGroupRequest(request_id="change-0001", group_id="none"),
            ("NOT_FOUND", "MUTUAL_AID_GROUP_NOT_FOUND"),
        ),
    ],
)
async def test_what_is_refused_says_why(
    service: Service, method: str, request_: Any, refused: tuple[str, str]
) -> None:
    """In the one vocabulary; nothing is left half done."""
    assert await service.refusal(method, request_, "administrator") == refused
    listed = await service.call("ListZones", pb.ListZonesRequest(premises_id=MARKET.premises_id))
    assert list(listed.zones) == []


async def test_who_is_on_duty_may_look_but_not_change(service: Service) -> None:
    """Areas are the fire officer's and the administrator's business."""
    request = pb.RetireZoneRequest(request_id="retire-0001", zone_id="z-hall")

    assert await service.refusal("RetireZone", request) == (
        "PERMISSION_DENIED",
        "ROLE_NOT_ALLOWED",
    )


@pytest.mark.parametrize(
    "change", ["update area_changes set note = ''", "delete from area_changes"]
)
async def test_the_history_of_areas_is_kept(owner: Database, change: str) -> None:
    """For the owner of the table too."""
    with pytest.raises(DBAPIError):
        async with owner.transaction() as tx:
            await tx.execute(text(change))
