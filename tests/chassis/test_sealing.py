"""What is sealed, under keys that can be changed."""

import os

import pytest
from cryptography.exceptions import InvalidTag

from chassis.sealing import Seal, read_key


def test_what_an_old_key_sealed_opens_and_is_sealed_anew_under_the_first() -> None:
    """Both keys are at hand while keys are changed; afterwards the old one is not needed."""
    old, new = Seal([b"o" * 32], os.urandom), Seal([b"n" * 32], os.urandom)
    both = Seal([b"n" * 32, b"o" * 32], os.urandom)
    sealed = old.seal(b"content", b"place")

    assert both.open(sealed, b"place") == b"content"
    assert new.open(both.renew(sealed, b"place"), b"place") == b"content"
    assert both.renew(sealed, b"place")[:4] == new.key_id != old.key_id
    with pytest.raises(InvalidTag):
        both.renew(sealed, b"elsewhere")


@pytest.mark.parametrize("text", ["", "abc", "A" * 42, "%" * 44, "A" * 40 + "é==="])
def test_a_malformed_key_is_refused_in_words(text: str) -> None:
    """It says what is needed, not what was given."""
    with pytest.raises(ValueError, match="32 bytes in base64 are needed"):
        read_key(text)
