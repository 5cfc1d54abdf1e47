"""Up to which message of the stream everything is stored, and of which stream the places of both lanes are."""

from collections.abc import Sequence

from sqlalchemy import delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.lanes.progress import Lane, StreamState

# What stands for the partition where a lane has one place for all of them.
WHOLE = 0
_positions = tables.recorder_positions.c
_streams = tables.lane_streams.c
_PLACES = {
    Lane.DETECTOR: (tables.detector_positions, tables.detector_positions.c.partition),
    Lane.RECORDER: (tables.recorder_positions, literal(WHOLE)),
}
_INSERT = insert(tables.recorder_positions)
_SAVE = _INSERT.on_conflict_do_update(
    index_elements=["ward_code"],
    set_={
        "stream_sequence": func.greatest(
            _positions.stream_sequence, _INSERT.excluded.stream_sequence
        )
    },
)
_STREAM = insert(tables.lane_streams)
_SAVE_STREAM = _STREAM.on_conflict_do_update(
    index_elements=["ward_code", "lane", "partition"],
    set_={"created_at": _STREAM.excluded.created_at},
)


async def save_recorded(tx: Transaction, ward_code: str, stream_sequence: int) -> None:
    """Save it; whoever is further keeps the place, since what they say is true too."""
    await tx.execute(_SAVE, {"ward_code": ward_code, "stream_sequence": stream_sequence})


async def forget_other(
    tx: Transaction, ward_code: str, lane: Lane, partitions: Sequence[int], stream: StreamState
) -> Sequence[int]:
    """Forget the places that cannot be of this stream: of one made at another time, or behind its end; tell them."""
    places, partition = _PLACES[lane]
    made_at = (
        select(_streams.created_at)
        .where(
            _streams.ward_code == ward_code,
            _streams.lane == lane,
            _streams.partition == partition,
        )
        .scalar_subquery()
    )
    statement = (
        delete(places)
        .where(
            places.c.ward_code == ward_code,
            partition.in_(partitions),
            or_(places.c.stream_sequence > stream.last_sequence, made_at != stream.created_at),
        )
        .returning(places.c.stream_sequence)
    )
    return (await tx.scalars(statement)).all()


async def save_stream(
    tx: Transaction, ward_code: str, lane: Lane, partitions: Sequence[int], stream: StreamState
) -> None:
    """Save of which stream the places in partitions are from now on."""
    rows = [
        {
            "ward_code": ward_code,
            "lane": lane,
            "partition": partition,
            "created_at": stream.created_at,
        }
        for partition in partitions
    ]
    await tx.execute(_SAVE_STREAM, rows)
