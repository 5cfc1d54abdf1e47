"""Where a message comes from, as its subject says."""

from chassis.broker.partitions import partition_of
from fire_safety.decoders.origin import kept_under, partition_in, subject_of


def test_a_message_from_before_there_were_partitions_belongs_to_its_devices() -> None:
    """A stream may hold two days of them when a service that shares its work is installed; they stop no lane."""
    assert partition_in(subject_of("11002", "D-1")) == partition_of("D-1")
    assert partition_in("ward.11002.device.D-1.up") == partition_of("D-1")


def test_what_is_heard_is_known_under_the_subject_that_it_will_be_kept_under() -> None:
    """A device's format is found by that, whoever hears it first."""
    assert kept_under("ward.11002.device.D-1.up") == subject_of("11002", "D-1")
