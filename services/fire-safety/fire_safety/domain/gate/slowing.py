"""Slowing down who guesses, without shutting anybody out: only the answer to a failure waits."""

from collections import OrderedDict
from collections.abc import Iterable

from fire_safety.domain.gate.credentials import SignInPolicy

_KEPT = 10_000
# Beyond this the delay is at its most whatever the policy says; it keeps the power finite.
_COUNTED = 64


class Slowing:
    """Failures in a row by name and by host, of the most recent `_KEPT` of them."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        """Tell how many are remembered."""
        return len(self._failures)

    def failed(self, keys: Iterable[str], now_s: float, policy: SignInPolicy) -> float:
        """Count a failure under each key; tell how many seconds its answer shall wait by the terms in force."""
        worst = max(self._count(key, now_s, policy.failures_remembered_s) for key in keys)
        if worst <= 1:
            return 0.0
        return min(policy.delay_first_s * 2.0 ** (worst - 2), policy.delay_max_s)

    def _count(self, key: str, now_s: float, remembered_s: float) -> int:
        before, last_s = self._failures.pop(key, (0, now_s))
        if now_s - last_s > remembered_s:
            before = 0
        count = min(before + 1, _COUNTED)
        self._failures[key] = (count, now_s)
        while len(self._failures) > _KEPT:
            self._failures.popitem(last=False)
        return count
