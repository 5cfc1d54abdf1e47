"""What the register holds of a person besides identity and registrations, told to that person entry by entry."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from chassis.clock import ward_local
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.notices import KIND_NAMES
from residency.domain.cases.states import STATE_WORDS, CaseState
from residency.domain.lookups.disclosure import PersonField
from residency.domain.persons.identity import Sex
from residency.domain.persons.nationality import nationality_name
from residency.domain.persons.partial_date import PartialDate
from residency.domain.protection.data_subject_requests import STATE_WORDS as REQUEST_STATE_WORDS
from residency.domain.protection.data_subject_requests import RequestKind, RequestState
from residency.domain.residence.absences import AbsenceGround
from residency.domain.residence.assistance import AssistanceBasis
from residency.domain.residence.occupancy import Assistance, StayKind

NEED_NAMES: Mapping[Assistance, str] = {
    Assistance.MOBILITY: "khó đi lại",
    Assistance.SIGHT: "khiếm thị",
    Assistance.HEARING: "khiếm thính",
    Assistance.INFANT: "trẻ sơ sinh",
    Assistance.OXYGEN: "thở oxy",
    Assistance.PREGNANCY: "thai sản",
}
SEX_NAMES: Mapping[Sex, str] = {Sex.MALE: "nam", Sex.FEMALE: "nữ"}
# Who may be told these is told what they were before.
_IDENTITY = frozenset(
    {
        PersonField.FULL_NAME,
        PersonField.MASKED_NUMBER,
        PersonField.BIRTH_DATE,
        PersonField.SEX,
    }
)
# Whoever may be told these is told what another record says of the person.
_RECORD = _IDENTITY | {PersonField.PHONE}
_STAYS: Mapping[StayKind, str] = {
    StayKind.LODGING: "lưu trú",
    StayKind.STANDING: "lưu trú thường xuyên của người thân",
    StayKind.FOREIGN: "khai báo tạm trú người nước ngoài",
}
_GROUNDS: Mapping[AbsenceGround, str] = {
    AbsenceGround.CONSCRIPTION_AGE: "trong độ tuổi nghĩa vụ quân sự",
    AbsenceGround.LONG_ABSENCE: "vắng mặt dài ngày",
}
_REQUESTS: Mapping[RequestKind, str] = {
    RequestKind.VIEW: "xem dữ liệu",
    RequestKind.CORRECT: "chỉnh sửa dữ liệu",
    RequestKind.RESTRICT: "hạn chế xử lý dữ liệu",
    RequestKind.OBJECT: "phản đối xử lý dữ liệu",
    RequestKind.WITHDRAW_CONSENT: "rút lại sự đồng ý",
    RequestKind.DELETE: "xóa dữ liệu",
}


class Told(Protocol):
    """One entry that is told: its fields are told as data by their names, `text` to people."""

    @property
    def text(self) -> str:
        """The entry in Vietnamese."""


@dataclass(frozen=True)
class HeldIdentity:
    """What the register said of the person until it was corrected; by whom is not told."""

    full_name: str
    number: str
    birth_date: PartialDate
    sex: Sex
    nationality: str
    corrected_at: datetime
    reference: str

    @property
    def text(self) -> str:
        """What was said, in Vietnamese."""
        return f"đến {_moment(self.corrected_at)}: {_who(self)}; hồ sơ {self.reference}"


@dataclass(frozen=True)
class HeldRecord:
    """What a record says of the person that was merged into the one that stands; empty contacts where it has none."""

    full_name: str
    number: str
    birth_date: PartialDate
    sex: Sex
    nationality: str
    phone: str
    email: str

    @property
    def text(self) -> str:
        """What it says, in Vietnamese."""
        return ", ".join([_who(self), *filter(None, (self.phone, self.email))])


@dataclass(frozen=True)
class HeldStay:
    """A stay as a guest: where, when, why, and when the declaration came in."""

    kind: StayKind
    address: str
    reason: str
    valid_from: date
    ends_on: date | None
    received_at: datetime

    @property
    def text(self) -> str:
        """The stay in Vietnamese."""
        return f"{_STAYS[self.kind]} tại {self.address}, {_term(self)}; lý do: {self.reason}"


@dataclass(frozen=True)
class HeldAbsence:
    """An absence: why, where to and when."""

    ground: AbsenceGround
    reason: str
    destination: str
    valid_from: date
    ends_on: date | None
    received_at: datetime

    @property
    def text(self) -> str:
        """The absence in Vietnamese."""
        why = f"{_GROUNDS[self.ground]}; lý do: {self.reason}; nơi đến: {self.destination}"
        return f"tạm vắng {_term(self)}, {why}"


@dataclass(frozen=True)
class HeldNeed:
    """A need of assistance, on what it is kept, and when it is asked again."""

    type: Assistance
    basis: AssistanceBasis | None
    legal_basis: str
    by_proxy: bool
    valid_from: date
    ends_on: date | None
    review_on: date

    @property
    def text(self) -> str:
        """The need in Vietnamese."""
        by_consent = self.basis is AssistanceBasis.CONSENT
        basis = "theo sự đồng ý" if by_consent else self.legal_basis or "không rõ căn cứ"
        proxy = ", người khác khai thay" if self.by_proxy else ""
        return f"{NEED_NAMES[self.type]}, {_term(self)}; {basis}{proxy}"


@dataclass(frozen=True)
class HeldMembership:
    """Belonging to a household: where, and as what to its householder; empty where that was not said."""

    address: str
    relationship: str
    valid_from: date
    ends_on: date | None

    @property
    def text(self) -> str:
        """The membership in Vietnamese."""
        as_what = f" ({self.relationship})" if self.relationship else ""
        return f"thành viên hộ tại {self.address}{as_what}, {_term(self)}"


@dataclass(frozen=True)
class HeldCase:
    """A case that entered or changed something of the person, or only names the person in its file."""

    case_number: str
    kind: CaseKind
    state: CaseState
    created_at: datetime

    @property
    def text(self) -> str:
        """The case in Vietnamese."""
        return f"{self.case_number}: {KIND_NAMES[self.kind]}, {STATE_WORDS[self.state].vi}"


@dataclass(frozen=True)
class HeldMerge:
    """A merge of two records of the person, and when it was undone; who did so is not told."""

    merged_at: datetime
    reason: str
    undone_at: datetime | None
    undo_reason: str | None

    @property
    def text(self) -> str:
        """The merge in Vietnamese."""
        undone = f"; hủy gộp lúc {_moment(self.undone_at)}" if self.undone_at else ""
        return f"gộp hai hồ sơ lúc {_moment(self.merged_at)}: {self.reason}{undone}"


@dataclass(frozen=True)
class HeldRequest:
    """A request about the person's data, whoever made it: what was asked for, and where it stands."""

    request_number: str
    kind: RequestKind
    received_at: datetime
    state: RequestState

    @property
    def text(self) -> str:
        """The request in Vietnamese."""
        what, state = _REQUESTS[self.kind], REQUEST_STATE_WORDS[self.state].vi
        return f"{self.request_number}: {what}, nhận lúc {_moment(self.received_at)}, {state}"


@dataclass(frozen=True)
class HeldData:
    """All of it, each kind in order of time; of all records that are known to be of the person.

    Nationality and e-mail address are empty of who is not on the register, or where none was given.
    """

    nationality: str
    email: str
    former_identities: Sequence[HeldIdentity]
    merged_records: Sequence[HeldRecord]
    stays: Sequence[HeldStay]
    absences: Sequence[HeldAbsence]
    assistance_needs: Sequence[HeldNeed]
    households: Sequence[HeldMembership]
    cases: Sequence[HeldCase]
    merges: Sequence[HeldMerge]
    requests: Sequence[HeldRequest]

    def as_data(self, allowed: frozenset[PersonField]) -> dict[str, Any]:
        """Give what may be told as JSON can hold it, by kind."""
        return {
            name: [{key: _plain(value) for key, value in vars(one).items()} for one in entries]
            for name, _, entries in self._sections(allowed)
        }

    def lines(self, allowed: frozenset[PersonField]) -> Iterator[str]:
        """Write what may be told for the person."""
        for _, title, entries in self._sections(allowed):
            if entries:
                yield f"{title}:"
                yield from (f"- {one.text}" for one in entries)

    def _sections(
        self, allowed: frozenset[PersonField]
    ) -> Iterator[tuple[str, str, Sequence[Told]]]:
        if allowed >= _IDENTITY:
            yield "former_identities", "Thông tin trước khi chỉnh sửa", self.former_identities
        if allowed >= _RECORD:
            yield "merged_records", "Hồ sơ trùng đã gộp vào", self.merged_records
        if PersonField.RESIDENCES in allowed:
            yield "households", "Hộ gia đình", self.households
            yield "stays", "Lưu trú", self.stays
            yield "absences", "Tạm vắng", self.absences
            yield "cases", "Hồ sơ", self.cases
        if PersonField.ASSISTANCE in allowed:
            yield "assistance_needs", "Nhu cầu hỗ trợ đã khai", self.assistance_needs
        yield "merges", "Gộp hồ sơ trùng", self.merges
        yield "requests", "Yêu cầu về dữ liệu cá nhân", self.requests


def _who(one: HeldIdentity | HeldRecord) -> str:
    said = f"{one.full_name}, số {one.number}, sinh {one.birth_date.written}"
    return f"{said}, {SEX_NAMES[one.sex]}, quốc tịch {nationality_name(one.nationality)}"


def _term(entry: HeldStay | HeldAbsence | HeldNeed | HeldMembership) -> str:
    until = f" đến trước {entry.ends_on:%d/%m/%Y}" if entry.ends_on else ""
    return f"từ {entry.valid_from:%d/%m/%Y}{until}"


def _moment(moment: datetime) -> str:
    return f"{ward_local(moment):%H:%M %d/%m/%Y}"


def _plain(value: object) -> object:
    if isinstance(value, PartialDate):
        return value.written
    return value.isoformat() if isinstance(value, date) else value
