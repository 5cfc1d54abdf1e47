"""Latencies as the benchmarks tell them."""

import pytest

from bench.latency import Latencies


@pytest.mark.parametrize(
    ("count", "share", "rank"), [(100, 0.99, 99), (100, 0.5, 50), (300, 0.99, 297), (1, 0.5, 1)]
)
def test_a_percentile_is_what_that_share_of_all_stays_within(
    count: int, share: float, rank: int
) -> None:
    """The nearest rank: of a hundred, one may be slower than the 99th percentile."""
    found = Latencies([number / 1000 for number in range(count, 0, -1)])

    assert found.percentile(share) == pytest.approx(rank)
    assert found.percentile(1) == pytest.approx(count)
