"""The detectors of the ward's premises, each in a zone."""

from collections.abc import Sequence

from simulator.generator.apportionment import apportion
from simulator.generator.plan import PlannedPremises
from simulator.generator.seeds import Seed
from ward.fire_safety.v1 import fire_safety_pb2 as pb

PROFILE = "smoke-optical"
MAINS_INTERVAL_S = 10
BATTERY_INTERVAL_S = 60
MAINS_MODEL = "KN-10 khói quang, nhiệt"
BATTERY_MODEL = "KN-10B khói quang, nhiệt, pin"
# In premises with mains detectors every eighth is wireless, where no cable was laid. The eighth of
# the demo premises hangs in its electrical room.
WIRELESS_EVERY = 8
LEAST = 2
# Six for the stations of a real fire, and some that only watch.
DEMO_LEAST = 10


def device_counts(seed: Seed, planned: Sequence[PlannedPremises], total: int) -> list[int]:
    """Share `total` detectors over the premises by kind; none has fewer than it must."""
    rng = seed.random("device-counts")
    floors = [DEMO_LEAST if one.number == 1 else LEAST for one in planned]
    weights = [one.kind.detectors * rng.uniform(0.7, 1.3) for one in planned]
    extra = apportion(max(total - sum(floors), 0), weights)
    return [least + more for least, more in zip(floors, extra, strict=True)]


def hang(
    planned: Sequence[PlannedPremises], premises: Sequence[pb.Premises], counts: Sequence[int]
) -> list[pb.Device]:
    """Hang the detectors, zone after zone and round again."""
    return [
        _device(plan, place, number)
        for plan, place, count in zip(planned, premises, counts, strict=True)
        for number in range(1, count + 1)
    ]


def device_id(premises_number: int, number: int) -> str:
    """Return the id, safe in a subject: the detector's number in its premises' code."""
    return f"CS{premises_number:04d}-D{number:02d}"


def _device(plan: PlannedPremises, premises: pb.Premises, number: int) -> pb.Device:
    wireless = plan.kind.battery or number % WIRELESS_EVERY == 0
    return pb.Device(
        device_id=device_id(plan.number, number),
        premises_id=premises.premises_id,
        zone_id=premises.zones[(number - 1) % len(premises.zones)].zone_id,
        model=BATTERY_MODEL if wireless else MAINS_MODEL,
        mains_powered=not wireless,
        interval_s=BATTERY_INTERVAL_S if wireless else MAINS_INTERVAL_S,
        profile_id=PROFILE,
    )
