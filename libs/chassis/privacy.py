"""What must not get into texts that are kept or passed on."""

import re

# Twelve digits of any script, also where a person has set them apart by spaces, no-break ones too (999 099 000001), or
# in threes by dots or hyphens (999.099.000.001). Other dots and hyphens are those of case numbers
# (000.00.19.H26-231024-0001), which must be accepted.
_TWELVE_DIGITS = re.compile(r"\d(?:[^\S\r\n]?\d){11}|\d{3}([.-])\d{3}\1\d{3}\1\d{3}")


def may_hold_id_number(text: str) -> bool:
    """Tell whether a text has a run of twelve digits, which could be a personal identification number."""
    return _TWELVE_DIGITS.search(text) is not None
