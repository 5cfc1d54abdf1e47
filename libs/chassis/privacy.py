"""What must not get into texts that are kept or passed on."""

import re
import unicodedata

# Twelve digits of any script, also where a person has set them apart by spaces, no-break ones too (999 099 000001), or
# in threes by dots or dashes (999.099.000.001). Other dots and hyphens are those of case numbers
# (000.00.19.H26-231024-0001), which must be accepted, and so must amounts and addresses of machines (120.000.000.000):
# of such threes the first of a real number begins with 0, that of one for tests is 999, and it
# does not begin within a year (11002-2026-900000001).
_TWELVE_DIGITS = re.compile(
    r"\d(?:[^\S\r\n]?\d){11}|(?<!\d)(?:0\d\d|999)(?:(?:[.\u2010-\u2015-]|[^\S\r\n])?\d{3}){3}"
)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def may_hold_id_number(text: str) -> bool:
    """Tell whether a text has a run of twelve digits, which could be a personal identification number."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return _TWELVE_DIGITS.search(seen) is not None
