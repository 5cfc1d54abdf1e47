"""The share of one detector: the partitions that it alone may work on.

Members see each other and compute who should have what; the lock of a partition decides who has it. A member that
should have one waits until the other has given it back, so that members who disagree for a moment do no harm. All of
it lives with one connection: a detector that is killed, or whose host vanishes, is out as soon as the server notices.
"""

from chassis.storage.database import Lease
from fire_safety.domain.lanes.sharing import share_of


class Share:
    """The partitions of a ward that one connection holds."""

    def __init__(self, lease: Lease, ward_code: str) -> None:
        self._lease = lease
        self._name = f"detector {ward_code}"
        self._member: int | None = None
        self._wanted: frozenset[int] = frozenset()
        self.held: frozenset[int] = frozenset()

    async def look(self) -> bool:
        """See who is there and take what is ours and free; True if what is held should change or has."""
        if self._member is None:
            self._member = await self._lease.join(self._name)
        self._wanted = share_of(self._member, await self._lease.members(self._name))
        free = [one for one in self._wanted - self.held if await self._lease.gain(self._lock(one))]
        self.held |= frozenset(free)
        return bool(free or self.held - self._wanted)

    async def give_back(self) -> None:
        """Let others have what is no longer ours; everything done with it must have been saved."""
        for one in self.held - self._wanted:
            await self._lease.give_back(self._lock(one))
        self.held &= self._wanted

    def _lock(self, partition: int) -> str:
        return f"{self._name} {partition}"
