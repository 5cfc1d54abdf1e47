"""Events of alarms: those of what endangers life overtake all others on their way out."""

from collections.abc import Callable, Iterable
from datetime import datetime

from google.protobuf.message import Message

from chassis.storage import outbox
from chassis.storage.database import Transaction
from fire_safety import tables
from fire_safety.domain.alarms.alarm import FIRE_KINDS, Alarm, AlarmKind

# The canary's too: it measures how long those take.
_URGENT_KINDS = FIRE_KINDS | {AlarmKind.SYSTEM_STATUS}


async def tell(
    tx: Transaction, now: datetime, write: Callable[[Alarm], Message], alarms: Iterable[Alarm]
) -> None:
    """Add the event of each alarm; all events of one alarm are as urgent, and keep their order."""
    told = list(alarms)
    for urgent in (True, False):
        events = [write(one) for one in told if is_urgent(one) == urgent]
        await outbox.add(tx, tables.outbox, now, *events, urgent=urgent)


def is_urgent(alarm: Alarm) -> bool:
    """Tell whether it is about what endangers life, if only as a pre-alarm: thousands may be in trouble at once."""
    return alarm.kind in _URGENT_KINDS
