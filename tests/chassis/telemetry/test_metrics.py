"""Metrics: what Prometheus can tell of an event that happens once."""

from prometheus_client import CollectorRegistry, Counter

from chassis.telemetry.metrics import tell_from_the_start


def test_a_counter_is_told_from_the_start_for_all_that_its_labels_can_say() -> None:
    """Each combination is 0 before anything was counted; what was counted stays."""
    registry = CollectorRegistry()
    counter = Counter("calls", "Calls", ["channel", "outcome"], registry=registry)
    counter.labels("SMS", "TAKEN").inc()

    tell_from_the_start(counter, ["SMS", "EMAIL"], ("TAKEN", "REFUSED"))

    told = {
        (sample.labels["channel"], sample.labels["outcome"]): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "calls_total"
    }
    assert told == {
        ("SMS", "TAKEN"): 1,
        ("SMS", "REFUSED"): 0,
        ("EMAIL", "TAKEN"): 0,
        ("EMAIL", "REFUSED"): 0,
    }
