"""At-least-once for many detectors over one link: keep, send, and send again what was not acknowledged."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from simulator import wire
from simulator.fleet.line import Line
from simulator.fleet.link import Acknowledged, Link
from simulator.fleet.mailbox import Mailbox
from simulator.fleet.sensor import Sample

# An acknowledgement takes milliseconds; what waits longer than this was lost on the way.
ACKNOWLEDGED_WITHIN_S = 5.0
# After an outage everybody wants to talk: this many batches a turn leave the broker air.
RESENT_A_TURN = 100
Clock = Callable[[], float]


class Sender:
    """Sends the samples of detectors in order; `monotonic` is a clock that never goes back.

    Detectors with `lines` of their own are given what is theirs; somebody else runs these.
    """

    def __init__(
        self,
        device_ids: Iterable[str],
        ward_code: str,
        link: Callable[[Acknowledged], Link],
        monotonic: Clock,
        lines: Mapping[str, Line] | None = None,
    ) -> None:
        self._sent = 0
        self._acknowledged = 0
        self._lines = dict(lines or {})
        self._ward_code = ward_code
        self._monotonic = monotonic
        self._mailboxes = {device_id: Mailbox() for device_id in device_ids}
        # Batches under way with the time by which an acknowledgement is due, oldest first.
        self._awaited: deque[tuple[float, str]] = deque()
        self.link = link(self._note_acknowledged)
        self.link.on_connected(self._expect_nothing)

    def __contains__(self, device_id: object) -> bool:
        """Tell whether the detector is one of ours."""
        return device_id in self._mailboxes or device_id in self._lines

    @property
    def lines(self) -> Iterable[Line]:
        """The lines of detectors that sign in as themselves; they must be run."""
        return self._lines.values()

    @property
    def sent(self) -> int:
        """How many samples were sent; those sent again count again."""
        return self._sent + sum(line.sent for line in self.lines)

    @property
    def acknowledged(self) -> int:
        """How many samples the platform has."""
        return self._acknowledged + sum(line.acknowledged for line in self.lines)

    @property
    def kept(self) -> int:
        """How many samples are not acknowledged."""
        return sum(map(len, self._kept()))

    @property
    def dropped(self) -> int:
        """How many samples were given up because the broker was away too long."""
        return sum(mailbox.dropped for mailbox in self._kept())

    async def submit(self, device_id: str, *samples: Sample) -> None:
        """Keep samples and send them, at once if nothing is under way and the broker is there."""
        if line := self._lines.get(device_id):
            line.submit(*samples)
            return
        mailbox = self._mailboxes[device_id]
        for sample in samples:
            mailbox.add(sample)
        if not mailbox.under_way and self.link.up:
            await self._send(device_id, mailbox)

    async def tend(self) -> None:
        """Send what should have been acknowledged by now, and what gathered behind it."""
        if not self.link.up:
            return
        now = self._monotonic()
        for _ in range(RESENT_A_TURN):
            if not self._awaited or self._awaited[0][0] > now:
                return
            _, device_id = self._awaited.popleft()
            if self._mailboxes[device_id].take():
                await self._send(device_id, self._mailboxes[device_id])

    def _kept(self) -> Iterable[Mailbox]:
        yield from self._mailboxes.values()
        yield from (line.mailbox for line in self.lines)

    async def _send(self, device_id: str, mailbox: Mailbox) -> None:
        batch = mailbox.take()
        self._awaited.append((self._monotonic() + ACKNOWLEDGED_WITHIN_S, device_id))
        self._sent += len(batch)
        await self.link.send(wire.subject(self._ward_code, device_id), device_id, batch)

    def _note_acknowledged(self, device_id: str, at_ms: int) -> None:
        mailbox = self._mailboxes[device_id]
        self._acknowledged += mailbox.acknowledge(at_ms)
        if len(mailbox) and not mailbox.under_way:
            # What gathered behind the batch goes out at the next turn.
            self._awaited.appendleft((0.0, device_id))

    def _expect_nothing(self) -> None:
        """After a new connection no earlier acknowledgement comes: all that is kept is due."""
        waiting = [device_id for device_id, box in self._mailboxes.items() if len(box)]
        self._awaited = deque((0.0, device_id) for device_id in waiting)
