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
# All that Unicode has nobody see (Default_Ignorable_Code_Point): soft hyphens, joiners, marks of direction and of byte
# order, which come with what is copied, and fillers and selectors of variants.
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Leave out of a text what nobody sees of it."""
    return UNSEEN.sub("", text)


def may_hold_id_number(text: str) -> bool:
    """Tell whether a text has a run of twelve digits, which could be a personal identification number."""
    seen = visible(unicodedata.normalize("NFKC", text))
    return _TWELVE_DIGITS.search(seen) is not None
