"""How far both lanes have come in the stream of readings, each place entered by whoever alone may."""

from collections.abc import Iterable

from chassis.storage.database import Lease
from chassis.telemetry.log import logger
from fire_safety.domain.lanes.progress import Lane, StreamState
from fire_safety.repository import progress


class ProgressOperations:
    """Keeps the places of a ward's lanes true."""

    def __init__(self, ward_code: str) -> None:
        self._ward_code = ward_code

    async def begin_detection(
        self, lease: Lease, partitions: Iterable[int], stream: StreamState
    ) -> None:
        """Forget how far detection came in partitions where that was in another stream than this one."""
        await self._begin(lease, Lane.DETECTOR, sorted(partitions), stream)

    async def begin_recording(self, lease: Lease, stream: StreamState) -> None:
        """Forget how far recording came where that was in another stream than this one."""
        await self._begin(lease, Lane.RECORDER, [progress.WHOLE], stream)

    async def save_recorded(self, lease: Lease, stream_sequence: int) -> None:
        """Enter that everything up to a message is stored; what is further already stays."""
        async with lease.statements() as tx:
            await progress.save_recorded(tx, self._ward_code, stream_sequence)

    async def _begin(
        self, lease: Lease, lane: Lane, partitions: list[int], stream: StreamState
    ) -> None:
        async with lease.transaction() as tx:
            lost = await progress.forget_other(tx, self._ward_code, lane, partitions, stream)
            await progress.save_stream(tx, self._ward_code, lane, partitions, stream)
        if lost:
            logger().error("stream_was_lost", lane=lane, position=max(lost))
