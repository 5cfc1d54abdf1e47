"""What must not get into texts."""

import pytest

from chassis.privacy import may_hold_id_number


@pytest.mark.parametrize(
    "text",
    [
        "999099000001",
        "999 099 000001",
        "999\u00a0099\u00a0000\u00a0001",
        "999.099.000.001",
        "999-099-000-001",
        "999.099.000 001",
        "999099.000001",
        "999\u2013099\u2013000\u2013001",
        "999\u200b099\u200b000\u200b001",
        "999\u2066099\u2069000\u202a001",
        "999\u034f099\ufe0f000\u3164001",
        "999\U000e0100099\uffa0000\u206a001",
        "001.099.000.001",
        "\uff19\uff19\uff19099000001",
        "số 999099000001.",
        "x9990990000012",
    ],
)
def test_a_run_of_twelve_digits_could_be_a_number(text: str) -> None:
    """Also where a person has set the digits apart, and inside other text."""
    assert may_hold_id_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "VV-2026-000001",
        "11002-2026-900000001",
        "000.00.19.H26-231024-0001",
        "000.00.19.H06-231024-0001",
        "114, 113, 115",
        "P101\n0100 123 456",
        "120.000.000.000 đồng",
        "192.168.100.200",
    ],
)
def test_case_numbers_amounts_and_addresses_are_none(text: str) -> None:
    """What officers must be able to write."""
    assert not may_hold_id_number(text)
