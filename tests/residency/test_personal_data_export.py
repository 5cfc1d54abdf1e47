"""What a person is given to read of who looked them up."""

from datetime import UTC, datetime

from residency.domain.lookups.disclosure import Disclosure
from residency.domain.protection.held_data import HeldData
from residency.domain.protection.personal_data_export import Look, Looks, PersonalDataExport
from ward.options.v1 import access_pb2

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)
NOTHING = HeldData("", "", [], [], [], [], [], [], [], [], [])


def told(*looks: Look) -> list[str]:
    """Write looks for a person of whom nothing else is held."""
    nobody = Disclosure(frozenset())
    export = PersonalDataExport(
        "YC-1", NOON, nobody, None, "", "", [], NOTHING, Looks(len(looks), looks)
    )
    return export.as_text().splitlines()[-len(looks) :]


def test_every_role_and_purpose_is_told_in_vietnamese() -> None:
    """Not by the word that the contract has for it, however rarely it looks."""
    roles = [one.removeprefix("ROLE_").lower() for one in access_pb2.Role.keys()[1:]]
    purposes = [one.removeprefix("PURPOSE_") for one in access_pb2.Purpose.keys()[1:]]
    lines = told(
        *(Look(NOON, [one], "SUPERVISION", "", "OK") for one in roles),
        *(Look(NOON, ["service"], one, "", "OK") for one in purposes),
    )

    assert not [one for one in (*roles, *purposes) if one in "".join(lines)]
    assert told(Look(NOON, ["duty_officer"], "FIRE_RESCUE", "", "OK")) == [
        "- 12:00 23/11/2026: trực ban, cứu nạn, cứu hộ, đã thực hiện"
    ]


def test_a_look_that_was_broken_off_is_not_told_as_one_that_was_refused() -> None:
    """What it did stays done, and something may have been seen."""
    broken_off, refused = told(
        *(Look(NOON, ["citizen"], "", "", one) for one in ("CANCELLED", "ROLE_NOT_ALLOWED"))
    )

    assert broken_off.endswith("công dân, không nêu mục đích, bị ngắt trước khi trả lời xong")
    assert refused.endswith("không thực hiện (ROLE_NOT_ALLOWED)")
