"""Of which sources of a brief not everything is known."""

from datetime import UTC, datetime, timedelta

from incidents.clients.sources import Sources
from incidents.domain.rescue.people import FIRE_SAFETY, RESIDENCY

NIGHT = datetime(2026, 1, 5, 18, tzinfo=UTC)


def silent(residency_waits: timedelta | None, *, broker_is_there: bool = True) -> frozenset[str]:
    """Tell what is silent while events of residency wait for so long, and those of fire-safety for a second."""
    waits_since = {
        RESIDENCY: [
            lambda: None,
            lambda: None if residency_waits is None else NIGHT - residency_waits,
        ],
        FIRE_SAFETY: [lambda: NIGHT - timedelta(seconds=1)],
    }
    return Sources(lambda: broker_is_there, waits_since, lambda: NIGHT).silent()


def test_of_a_source_whose_events_queue_something_newer_is_not_known() -> None:
    """After an import thousands of dwellings are told at once: a brief must not call the first of them all."""
    assert silent(timedelta(minutes=28)) == {RESIDENCY}
    assert silent(timedelta(seconds=2)) == silent(None) == frozenset()


def test_without_the_broker_nothing_newer_is_known() -> None:
    """Whatever waited before."""
    assert silent(None, broker_is_there=False) == {RESIDENCY, FIRE_SAFETY}
