"""Whole numbers that add up: a total shared out by weights."""

from collections.abc import Sequence


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Share `total` by `weights` in whole numbers whose sum is exact (largest remainders)."""
    scale = total / sum(weights)
    shares = [int(weight * scale) for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (shares[i] - weights[i] * scale, i))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares
