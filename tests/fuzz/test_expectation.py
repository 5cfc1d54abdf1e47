"""The promise is checked: what the fuzzer takes for a finding, and what it lets pass."""

import pytest

from fire_safety.domain.readings.reading import Batch, Reading
from fuzz.expectation import DEVICE, LIMITS, NOW, BrokenPromiseError, check
from tests.fire_safety.limits import INGESTION

GOOD = Reading(NOW, NOW, 0.1, 30.0, 87.0, 5, 12.0, 7)


def test_the_limits_are_those_that_are_published() -> None:
    """Another test compares these with the database."""
    assert LIMITS == INGESTION


def test_a_good_batch_and_a_known_reason_pass() -> None:
    """Nothing is raised."""
    check(Batch(DEVICE, NOW, [GOOD]))
    check("not_json")


@pytest.mark.parametrize(
    "wrong",
    [
        "no such reason",
        Batch("another", NOW, [GOOD]),
        Batch(DEVICE, NOW + 1, [GOOD]),
        Batch(DEVICE, NOW, []),
        Batch(DEVICE, NOW, [GOOD, GOOD._replace(observed_ms=NOW - 1)]),
        Batch(DEVICE, NOW, [GOOD._replace(observed_ms=NOW + 13 * 3600_000)]),
        Batch(DEVICE, NOW, [GOOD._replace(received_ms=0)]),
        Batch(DEVICE, NOW, [GOOD._replace(temperature=float("nan"))]),
        Batch(DEVICE, NOW, [GOOD._replace(optical_density=101.0)]),
        Batch(DEVICE, NOW, [GOOD._replace(battery=True)]),
        Batch(DEVICE, NOW, [GOOD._replace(conditions=2**32)]),
        Batch(DEVICE, NOW, [GOOD._replace(sequence=2**63)]),
    ],
    ids=str,
)
def test_a_broken_promise_is_told(wrong: Batch | str) -> None:
    """Each of them."""
    with pytest.raises(BrokenPromiseError):
        check(wrong)
