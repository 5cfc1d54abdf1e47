"""Which hours' figures readings change."""

from collections.abc import Iterable
from typing import NamedTuple

from fire_safety.domain.readings.columns import Block, Bulk

_HOUR_MS = 3_600_000


class Touched(NamedTuple):
    """An hour that begins at `hour_ms` (milliseconds since 1970) and the devices whose figures change.

    No devices: any. Late readings are of few devices, and their hour is long rolled up for all others.
    """

    hour_ms: int
    device_ids: tuple[str, ...]


def touched_hours(bulk: Bulk) -> list[Touched]:
    """Tell which hours' figures these readings change; each hour comes once."""
    # Of thousands of messages nearly all are of this hour: as little as possible is done for each.
    spans = {
        (
            batch.readings[0].observed_ms // _HOUR_MS,
            batch.readings[-1].observed_ms // _HOUR_MS,
            batch.received_ms // _HOUR_MS,
        )
        for batch in bulk.others
    }.union(*map(_spans, bulk.blocks))
    on_time = {
        last for first, last, received in spans if first == last and _timely(last, received)
    }
    late: dict[int, set[str]] = {}
    if any(first != last or last not in on_time for first, last, _ in spans):
        for batch in bulk.batches():
            for hour in {one.observed_ms // _HOUR_MS for one in batch.readings} - on_time:
                late.setdefault(hour, set()).add(batch.device_id)
    return [Touched(hour * _HOUR_MS, ()) for hour in sorted(on_time)] + [
        Touched(hour * _HOUR_MS, tuple(sorted(ids))) for hour, ids in sorted(late.items())
    ]


def _spans(block: Block) -> Iterable[tuple[int, int, int]]:
    """Tell the hours of each message's first and last reading, and of its receipt."""
    ends = block.starts[1:] - 1
    times = (block.observed_ms[block.starts[:-1]], block.observed_ms[ends], block.received_ms)
    hours = [one // _HOUR_MS for one in times]
    if all((one == one[0]).all() for one in hours):
        # So it is nearly always.
        return [(int(hours[0][0]), int(hours[1][0]), int(hours[2][0]))]
    return zip(*(one.tolist() for one in hours), strict=True)


def _timely(hour: int, received: int) -> bool:
    """Tell whether an hour's readings came in it or in the next, before it is rolled up."""
    return hour <= received <= hour + 1
