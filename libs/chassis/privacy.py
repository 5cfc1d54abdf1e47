"""What must not get into texts that are kept or passed on."""

import re

# Twelve digits, also where a person has set them apart: 999 099 000001. Dots and hyphens are those of case numbers
# (H26-231024-0001), which must be accepted.
_TWELVE_DIGITS = re.compile(r"[0-9](?: ?[0-9]){11}")


def may_hold_id_number(text: str) -> bool:
    """Tell whether a text has a run of twelve digits, which could be a personal identification number."""
    return _TWELVE_DIGITS.search(text) is not None
