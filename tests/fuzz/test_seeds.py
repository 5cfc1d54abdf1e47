"""The fuzzer begins with payloads that are good: from bad ones it would never come far."""

import pytest

from fire_safety.decoders.registry import decoder_of
from fire_safety.domain.devices.device import PayloadFormat
from fuzz.expectation import check, outcome_of
from fuzz.seeds import seeds_of


@pytest.mark.parametrize("payload_format", PayloadFormat)
def test_every_seed_is_read(payload_format: PayloadFormat) -> None:
    """By the decoder of its format."""
    for seed in seeds_of(payload_format):
        outcome = outcome_of(decoder_of(payload_format), seed)
        check(outcome)
        assert not isinstance(outcome, str), outcome
