"""What detection found, on its way into the database.

While some of it is being stored, detection goes on and more gathers: the next transaction holds all of that. A slow
disk makes transactions larger, and detection no slower. One at a time, in order, but that fires overtake
trouble of thousands: how far detection has come is entered with the last of what it gave until then.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from chassis import context
from chassis.errors import DatabaseUnavailableError
from chassis.storage.database import Lease
from chassis.telemetry.log import logger
from fire_safety.detection.ward import Seen
from fire_safety.domain.alarms.alarm import FIRE_KINDS, AlarmKind, Effect, Signal
from fire_safety.domain.lanes.progress import Reached
from fire_safety.operations.detection import DetectionOperations

# More signals than this are not let gather: whoever finds them waits until they are stored.
_MANY = 5_000
# One transaction holds no more: a fire that is found meanwhile waits for no more than that.
_AT_ONCE = 500


class Signs(NamedTuple):
    """Signs of life to be stored, and when gateways were heard, milliseconds since 1970."""

    seen: Sequence[Seen]
    gateways: Mapping[str, int]


class Noting:
    """Signals that wait to be stored.

    `reached` tells how far detection has come, `signs` hands out signs of life, and `forget` takes back a signal that
    the database refuses, or that began nothing since what it tells is over.
    """

    def __init__(
        self,
        lease: Lease,
        operations: DetectionOperations,
        reached: Callable[[], Reached | None],
        signs: Callable[[], Signs],
        forget: Callable[[Signal], None],
    ) -> None:
        self._lease = lease
        self._operations = operations
        self._reached = reached
        self._signs = signs
        self._forget = forget
        self._signals: list[Signal] = []
        # How each device and kind changed last that is stored, while the place before it is the one that is entered.
        self._changed: dict[tuple[str, AlarmKind], Effect] = {}
        self._is_storing = False
        self._saved: Reached | None = None
        self._to_save = False
        self._asked = asyncio.Event()
        self._done = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Tell how many signals have gathered."""
        return len(self._signals)

    @property
    def is_under_way(self) -> bool:
        """Tell whether signals wait or are being stored."""
        return bool(self._signals) or self._is_storing

    @property
    def is_full(self) -> bool:
        """Tell whether no more should gather."""
        return self.waiting >= _MANY

    def add(self, signals: Sequence[Signal]) -> None:
        """Store these signals as soon as those before them are stored."""
        if signals:
            self._signals += signals
            self._ask()

    def save(self) -> None:
        """Store signs of life, and how far detection has come, behind the signals."""
        self._to_save = True
        self._ask()

    async def all_done(self) -> None:
        """Wait until nothing waits any longer."""
        await self._done.wait()

    async def keep(self) -> None:
        """Store until cancelled; raises DatabaseUnavailableError."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._signals or self._to_save:
                if signals := self._take():
                    await self._note(signals, self._place_behind(signals))
                # However much is given meanwhile: others hear of gateways by what is saved.
                if self._to_save:
                    self._to_save = False
                    await self._save()
            self._done.set()

    def _ask(self) -> None:
        self._done.clear()
        self._asked.set()

    def _take(self) -> list[Signal]:
        """Take what one transaction should hold: of many at once, what endangers life goes first."""
        signals = self._signals
        if len(signals) <= _AT_ONCE or self._changes_back():
            self._signals = []
            return signals
        signals.sort(key=lambda one: one.kind not in FIRE_KINDS)
        self._signals = signals[_AT_ONCE:]
        return signals[:_AT_ONCE]

    def _changes_back(self) -> bool:
        """Tell whether anything that waits undoes what is stored, or waits, behind the place that is entered.

        All that waits must then be stored with its place. After a crash in between both would be given again: an end
        would end what began behind it, which the same reading does not begin a second time; and what began and ended
        would do so twice.
        """
        changed = dict(self._changed)
        for one in self._signals:
            for key, effect in _changes([one]).items():
                if changed.setdefault(key, effect) is not effect:
                    return True
        return False

    def _place_behind(self, signals: Sequence[Signal]) -> Reached | None:
        """Tell how far detection has come if these were the last signals of it; None while others wait."""
        if self._signals:
            self._changed |= _changes(signals)
            return None
        self._changed.clear()
        return self._reached()

    async def _save(self) -> None:
        # What was given meanwhile is not stored yet.
        reached = self._saved if self._signals else self._reached()
        signs = self._signs()
        news = None if reached == self._saved else reached
        if signs.seen or signs.gateways or news:
            await self._operations.save_progress(self._lease, news, *signs)
            self._saved = reached

    async def _note(self, signals: Sequence[Signal], reached: Reached | None) -> None:
        """Store signals; one that the database refuses must not hold up the others, and is given again."""
        context.request_id.set(context.accept_request_id(None))
        self._is_storing = True
        try:
            taken_back = await self._operations.note_signals(self._lease, signals, reached)
        except DatabaseUnavailableError:
            raise
        except Exception:  # noqa: BLE001 - the edge: logged once
            logger().exception("signals_failed", signals=len(signals))
            taken_back = await self._operations.note_one_by_one(self._lease, signals, reached)
        finally:
            self._is_storing = False
        for one in taken_back:
            self._forget(one)


def _changes(signals: Iterable[Signal]) -> dict[tuple[str, AlarmKind], Effect]:
    """Tell how each device and kind changed last, but for what is recorded only."""
    return {
        (one.device_id, one.kind): one.effect for one in signals if one.effect is not Effect.NONE
    }
