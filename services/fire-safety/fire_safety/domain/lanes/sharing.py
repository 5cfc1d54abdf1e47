"""Who of several detectors works on which partition: a pure function of who is there, the same for all of them."""

from collections.abc import Iterable
from hashlib import blake2b

from chassis.broker.partitions import PARTITIONS


def share_of(member: int, members: Iterable[int]) -> frozenset[int]:
    """Give the partitions of one member; every partition has exactly one, and shares differ by one at most.

    Each partition goes to the member that draws the highest lot for it and is not full yet (highest random weight,
    Thaler and Ravishankar 1998), so that most partitions stay where they are when members come and go.
    """
    return frozenset(
        one for one, owner in _owners(sorted(set(members))).items() if owner == member
    )


def _owners(members: list[int]) -> dict[int, int]:
    least, more = divmod(PARTITIONS, len(members)) if members else (0, 0)
    room = {member: least + (place < more) for place, member in enumerate(members)}
    owners: dict[int, int] = {}
    lots = ((_lot(member, one), one, member) for member in members for one in range(PARTITIONS))
    for _, one, member in sorted(lots, reverse=True):
        if one not in owners and room[member]:
            owners[one] = member
            room[member] -= 1
    return owners


def _lot(member: int, partition: int) -> bytes:
    return blake2b(f"{member} {partition}".encode(), digest_size=8).digest()
