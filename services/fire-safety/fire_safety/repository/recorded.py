"""Up to which message of the stream everything is stored."""

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from chassis.database import Transaction
from fire_safety import tables

_positions = tables.recorder_positions.c
_INSERT = insert(tables.recorder_positions)
_SAVE = _INSERT.on_conflict_do_update(
    index_elements=["ward_code"],
    set_={
        "stream_sequence": func.greatest(
            _positions.stream_sequence, _INSERT.excluded.stream_sequence
        )
    },
)


async def save(tx: Transaction, ward_code: str, stream_sequence: int) -> None:
    """Save it; whoever is further keeps the place, since what they say is true too."""
    await tx.execute(_SAVE, {"ward_code": ward_code, "stream_sequence": stream_sequence})


async def forget(tx: Transaction, ward_code: str) -> None:
    """Begin at the beginning."""
    await tx.execute(delete(tables.recorder_positions).where(_positions.ward_code == ward_code))
