"""How fast a device sends, by the broker's clock: each reading costs time, and what is not paid for yet is its debt."""

from fire_safety.detection.limits import Pace


def paid_ms(paid: float, readings: int, received_ms: int, pace: Pace) -> float:
    """Tell until when a device's readings are paid for, after some more; never further than the most it may owe.

    If it owes more than that, the clock was set back, and it owes nothing.
    """
    if paid - received_ms > pace.most_ms:
        paid = received_ms
    return min(max(paid, received_ms) + readings * pace.cost_ms, received_ms + pace.most_ms)


def is_too_fast(paid: float, received_ms: int, pace: Pace, *, was: bool) -> bool:
    """Tell whether a device sends too much; it goes on doing so until its debt is settled."""
    debt = paid - received_ms
    return debt > pace.settled_ms if was else debt >= pace.most_ms
