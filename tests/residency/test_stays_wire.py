"""What no declaration may say."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2

from chassis.errors import DomainError
from residency.wire import absences
from residency.wire import stays as wire
from tests.residency.samples import CODES, NATIONALITIES, NOON, TODAY, number
from ward.residency.v1 import residency_pb2
from ward.residency.v1 import stays_pb2 as pb

HOME = "00000000-0000-0000-0000-000000000001"
BOTH: dict[str, Any] = {
    "dwelling_id": HOME,
    "full_name": "Khách Giả Định",
    "birth_date": date_pb2.Date(year=1990),
    "arrives_at": Timestamp(seconds=1_790_000_000),
    "leaves_on": date_pb2.Date(year=2026, month=11, day=24),
}
LODGING = BOTH | {"personal_id_number": number().digits, "reason": "du lịch"}
FOREIGN = BOTH | {
    "passport_number": "P0000000",
    "nationality": "LAO",
    "sex": residency_pb2.SEX_FEMALE,
}
ABSENCE: dict[str, Any] = {
    "ground": pb.ABSENCE_GROUND_LONG_ABSENCE,
    "reason": "đi làm",
    "destination": "Hà Nội",
    "valid_from": date_pb2.Date(year=2026, month=11, day=24),
}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"personal_id_number": "999"}, "PERSONAL_ID_INVALID"),
        ({"personal_id_number": None}, "FIELD_INVALID"),
        ({"personal_id_number": None, "passport_number": "?"}, "FIELD_INVALID"),
        ({"reason": " "}, "FIELD_INVALID"),
        ({"reason": "x" * 201}, "FIELD_INVALID"),
        ({"reason": "du\nlịch"}, "FIELD_INVALID"),
        ({"arrives_at": None}, "FIELD_INVALID"),
        ({"dwelling_id": "nowhere"}, "DWELLING_NOT_FOUND"),
    ],
)
def test_what_no_lodging_notification_may_say_is_refused(
    changed: dict[str, Any], reason: str
) -> None:
    """With a reason; what is right as it stands is read."""
    wire.lodging(pb.Lodging(**LODGING), CODES, TODAY)
    with pytest.raises(DomainError) as refused:
        wire.lodging(pb.Lodging(**(LODGING | changed)), CODES, TODAY)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "changed",
    [
        {"nationality": "VNM"},
        {"nationality": ""},
        {"nationality": "XXQ"},
        {"passport_number": "1"},
        {"sex": residency_pb2.SEX_UNSPECIFIED},
        {"leaves_on": None},
    ],
)
def test_what_no_foreign_stay_may_say_is_refused(changed: dict[str, Any]) -> None:
    """As above."""
    wire.foreign_stay(pb.ForeignStay(**FOREIGN), NATIONALITIES, TODAY)
    with pytest.raises(DomainError) as refused:
        wire.foreign_stay(pb.ForeignStay(**(FOREIGN | changed)), NATIONALITIES, TODAY)
    assert refused.value.reason == "FIELD_INVALID"


@pytest.mark.parametrize(
    "changed", [{"ground": pb.ABSENCE_GROUND_UNSPECIFIED}, {"destination": ""}, {"reason": ""}]
)
def test_what_no_absence_may_say_is_refused(changed: dict[str, Any]) -> None:
    """As above; there are two grounds and no others."""
    absences.declaration(pb.DeclareAbsenceRequest(absence=pb.Absence(**ABSENCE)), number())
    wrong = pb.DeclareAbsenceRequest(absence=pb.Absence(**(ABSENCE | changed)))
    with pytest.raises(DomainError) as refused:
        absences.declaration(wrong, number())
    assert refused.value.reason == "FIELD_INVALID"
    assert len(pb.AbsenceGround.keys()) == 3


def test_how_and_when_a_declaration_came_in_is_said() -> None:
    """Now where no time is said, never later; and by one of the ways there are."""
    by_phone = pb.DeclareLodgingRequest(channel=pb.DECLARATION_CHANNEL_PHONE)
    assert wire.receipt(by_phone, NOON).received_at == NOON
    by_phone.received_at.FromDatetime(NOON.replace(year=2027))
    for wrong in (by_phone, pb.DeclareLodgingRequest()):
        with pytest.raises(DomainError):
            wire.receipt(wrong, NOON)
