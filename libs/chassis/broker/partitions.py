"""Shares of the readings' stream: which devices belong together, wherever they are read.

The broker writes the number behind each subject it stores (chassis/broker/jetstream.py), so that a reader asks for its
share only; here the same number is computed for a device of the register.
"""

# Shared evenly by two, three, four or six readers.
PARTITIONS = 12

# FNV-1a, 32 bits: what the broker's `partition()` takes of the token.
_OFFSET = 0x811C9DC5
_PRIME = 0x01000193
_MASK = 0xFFFFFFFF


def partition_of(token: str) -> int:
    """Tell the partition of a device by its id as it stands in subjects."""
    value = _OFFSET
    for byte in token.encode():
        value = ((value ^ byte) * _PRIME) & _MASK
    return value % PARTITIONS
