"""The detectors of the ward's premises, each in a zone, and the gateways that report for those on batteries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from simulator.generator.apportionment import apportion
from simulator.generator.model import MutualAidGroup
from simulator.generator.plan import PlannedPremises
from simulator.generator.seeds import Seed
from ward.fire_safety.v1 import fire_safety_pb2 as pb

PROFILE = "smoke-optical"
# What declares and measures nothing is judged by what it declares.
DECLARED_PROFILE = "declared"
MAINS_INTERVAL_S = 10
BATTERY_INTERVAL_S = 60
MAINS_MODEL = "KN-10 khói quang, nhiệt"
BATTERY_MODEL = "KN-10B khói quang, nhiệt, pin"
GATEWAY_MODEL = "KN-GW bộ truyền tin"
FIRMWARE = "giả lập 1.0"
# From so many devices on, those on batteries report through a gateway, the last of the premises.
GATEWAY_FROM = 4
# Few have papers, so that few are overdue when the register has grown old.
WITH_PAPERS = 50
LIFE = timedelta(days=10 * 365)
OLDEST, NEWEST = 8 * 365, 365
TESTED_WITHIN = 90
# Of those with papers: past their service life, and not tested for long.
TOO_OLD, NOT_TESTED = 3, 4
# The demo's, and those of detectors that declare trouble.
WITH_A_STORY = {1, 2, 3}
# In premises with mains detectors every eighth is wireless, where no cable was laid. The eighth of
# the demo premises hangs in its electrical room.
WIRELESS_EVERY = 8
LEAST = 2
# Six for the stations of a real fire, and some that only watch.
DEMO_LEAST = 10


@dataclass(frozen=True)
class Make:
    """Detectors of another maker: what they are, what they write, and how they reach the broker."""

    model: str
    payload_format: pb.PayloadFormat.ValueType
    protocol: pb.Protocol.ValueType
    wireless: bool
    profile_id: str = PROFILE


_SENML = Make("giả lập SenML", pb.PAYLOAD_FORMAT_SENML_JSON, pb.PROTOCOL_MQTT, wireless=False)
_CBOR = Make("giả lập SenML/CBOR", pb.PAYLOAD_FORMAT_SENML_CBOR, pb.PROTOCOL_NATS, wireless=False)
_PLAIN = Make("giả lập JSON", pb.PAYLOAD_FORMAT_PLAIN_JSON, pb.PROTOCOL_MQTT, wireless=False)
# One in fifty detectors is of another maker; of these, [own]: three kinds are wireless (LoRaWAN, Zigbee, Matter) and
# the others write SenML and plain JSON. A small ward has one of each.
OTHER_MAKES_EVERY = 50
OTHER_MAKES = (
    Make(
        "Milesight GS524N (giả lập)",
        pb.PAYLOAD_FORMAT_CHIRPSTACK_GS524N,
        pb.PROTOCOL_MQTT,
        wireless=True,
    ),
    Make("giả lập Zigbee IAS", pb.PAYLOAD_FORMAT_ZIGBEE_IAS, pb.PROTOCOL_MQTT, wireless=True),
    Make(
        "giả lập Matter",
        pb.PAYLOAD_FORMAT_MATTER,
        pb.PROTOCOL_NATS,
        wireless=True,
        profile_id=DECLARED_PROFILE,
    ),
    _SENML,
    _CBOR,
    _PLAIN,
    replace(_SENML, protocol=pb.PROTOCOL_NATS),
    replace(_CBOR, protocol=pb.PROTOCOL_MQTT),
)
# So half of the detectors in the demo's fires are of other makers, each of a different one.
DEMO_MAKES = {2: _SENML, 4: _CBOR, 6: _PLAIN}


def device_counts(seed: Seed, planned: Sequence[PlannedPremises], total: int) -> list[int]:
    """Share `total` detectors over the premises by kind; none has fewer than it must."""
    rng = seed.random("device-counts")
    floors = [DEMO_LEAST if one.number == 1 else LEAST for one in planned]
    weights = [one.kind.detectors * rng.uniform(0.7, 1.3) for one in planned]
    extra = apportion(max(total - sum(floors), 0), weights)
    return [least + more for least, more in zip(floors, extra, strict=True)]


def hang(
    planned: Sequence[PlannedPremises],
    premises: Sequence[pb.Premises],
    counts: Sequence[int],
    groups: Sequence[MutualAidGroup],
) -> list[pb.Device]:
    """Hang the detectors, zone after zone and round again.

    Households that trade where they live take part in the mutual-aid group of their neighbourhood, where there is one.
    """
    near = {one.residential_group: one.group_id for one in groups}
    return [
        _gateway(plan, place, number)
        if number == _gateway_number(plan, place, count)
        else _detector(
            plan,
            place,
            number,
            gateway=_gateway_number(plan, place, count),
            group_id=near.get(plan.group, "") if plan.kind.homes and plan.kind.battery else "",
        )
        for plan, place, count in zip(planned, premises, counts, strict=True)
        for number in range(1, count + 1)
    ]


def give_papers(seed: Seed, devices: Sequence[pb.Device], as_of: date) -> None:
    """Say of some detectors when they were installed and tested and how long they live; of a few that is over.

    The demo premises have none: nothing but its fire is to be seen there.
    """
    rng = seed.random("device-papers")
    others = [one for one in devices if not one.device_id.startswith(device_id(1, 0)[:7])]
    for number, device in enumerate(rng.sample(others, min(WITH_PAPERS, len(others) // 2))):
        installed = as_of - timedelta(days=rng.randint(NEWEST, OLDEST))
        tested = as_of - timedelta(days=rng.randint(1, TESTED_WITHIN))
        if number < TOO_OLD:
            installed = as_of - LIFE - timedelta(days=rng.randint(1, 365))
        elif number < TOO_OLD + NOT_TESTED:
            tested = as_of - timedelta(days=365 + rng.randint(1, 200))
        device.installed_on = installed.isoformat()
        device.end_of_life_on = (installed + LIFE).isoformat()
        device.last_tested_on = max(installed, tested).isoformat()


def give_makes(seed: Seed, devices: Sequence[pb.Device]) -> None:
    """Let some detectors be of other makers: they write in other formats and report for themselves.

    None of the demo premises but those of its fires, and none that declares trouble.
    """
    by_id = {one.device_id: one for one in devices}
    for number, make in DEMO_MAKES.items():
        _be_of(by_id[device_id(1, number)], make)
    rng = seed.random("device-makes")
    free = [
        one
        for one in devices
        if one.kind != pb.DEVICE_KIND_GATEWAY and int(one.device_id[2:6]) not in WITH_A_STORY
    ]
    rng.shuffle(free)
    for number in range(max(len(devices) // OTHER_MAKES_EVERY, len(OTHER_MAKES))):
        make = OTHER_MAKES[number % len(OTHER_MAKES)]
        found = next((one for one in free if one.mains_powered is not make.wireless), None)
        if found:
            free.remove(found)
            _be_of(found, make)


def _be_of(device: pb.Device, make: Make) -> None:
    device.model = make.model
    device.payload_format = make.payload_format
    device.protocol = make.protocol
    device.profile_id = make.profile_id
    device.gateway_id = ""


def device_id(premises_number: int, number: int) -> str:
    """Return the id, safe in a subject: the detector's number in its premises' code."""
    return f"CS{premises_number:04d}-D{number:02d}"


def _gateway_number(plan: PlannedPremises, premises: pb.Premises, count: int) -> int:
    """Return the number of the premises' gateway; 0 where each device reports for itself.

    No zone goes without a detector for it.
    """
    enough = count >= GATEWAY_FROM and count > len(premises.zones)
    return count if plan.kind.battery and enough else 0


def _gateway(plan: PlannedPremises, premises: pb.Premises, number: int) -> pb.Device:
    return pb.Device(
        device_id=device_id(plan.number, number),
        premises_id=premises.premises_id,
        zone_id=premises.zones[0].zone_id,
        kind=pb.DEVICE_KIND_GATEWAY,
        model=GATEWAY_MODEL,
        firmware=FIRMWARE,
        mains_powered=True,
        interval_s=MAINS_INTERVAL_S,
        profile_id=DECLARED_PROFILE,
        payload_format=pb.PAYLOAD_FORMAT_NATIVE,
    )


def _detector(
    plan: PlannedPremises, premises: pb.Premises, number: int, *, gateway: int, group_id: str
) -> pb.Device:
    wireless = plan.kind.battery or number % WIRELESS_EVERY == 0
    return pb.Device(
        device_id=device_id(plan.number, number),
        premises_id=premises.premises_id,
        zone_id=premises.zones[(number - 1) % len(premises.zones)].zone_id,
        kind=pb.DEVICE_KIND_SMOKE_HEAT,
        model=BATTERY_MODEL if wireless else MAINS_MODEL,
        firmware=FIRMWARE,
        mains_powered=not wireless,
        interval_s=BATTERY_INTERVAL_S if wireless else MAINS_INTERVAL_S,
        profile_id=PROFILE,
        payload_format=pb.PAYLOAD_FORMAT_NATIVE,
        gateway_id=device_id(plan.number, gateway) if gateway else "",
        mutual_aid_group_id=group_id,
    )
