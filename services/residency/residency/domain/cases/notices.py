"""Receipts and notices to the citizen, in the wording of the forms; they name the case and nobody.

Numbers of the forms are those of Circulars 56/2021 and 66/2023/TT-BCA; whether Circular 116/2026/TT-BCA renumbers them
is not known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chassis.clock import ward_day
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.machine import Case
from residency.domain.cases.states import CaseAct
from residency.domain.cases.told import HistoryEntry


class NoticeForm(StrEnum):
    """Which form a notice is."""

    CT04 = "CT04"
    CT05 = "CT05"
    CT06 = "CT06"
    CT08 = "CT08"
    CT09 = "CT09"


@dataclass(frozen=True)
class Notice:
    """A notice; `due_on` is the appointment for the result, or the last day for a supplement."""

    form: NoticeForm
    issued_at: datetime
    due_on: date | None
    text: str


KIND_NAMES: Mapping[CaseKind, str] = {
    CaseKind.PERMANENT_RESIDENCE: "Đăng ký thường trú",
    CaseKind.TEMPORARY_RESIDENCE: "Đăng ký tạm trú",
    CaseKind.RENEWAL: "Gia hạn tạm trú",
    CaseKind.DEREGISTRATION: "Xóa đăng ký cư trú",
    CaseKind.HOUSEHOLD_SPLIT: "Tách hộ",
    CaseKind.CHANGE_OF_INFORMATION: "Điều chỉnh thông tin về cư trú",
    CaseKind.LODGING: "Thông báo lưu trú",
    CaseKind.TEMPORARY_ABSENCE: "Khai báo tạm vắng",
    CaseKind.FOREIGN_STAY: "Khai báo tạm trú cho người nước ngoài",
}

_FORMS: Mapping[CaseAct, tuple[NoticeForm, str, str]] = {
    CaseAct.ACCEPT: (
        NoticeForm.CT04,
        "PHIẾU TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Hồ sơ đầy đủ, hợp lệ và đã được tiếp nhận.",
    ),
    CaseAct.SUPPLEMENT: (
        NoticeForm.CT04,
        "PHIẾU TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        "Đã nhận nội dung bổ sung; thời hạn giải quyết được tính tiếp. Phiếu này thay thế phiếu hẹn trước.",
    ),
    CaseAct.REQUEST_SUPPLEMENT: (
        NoticeForm.CT05,
        "PHIẾU HƯỚNG DẪN BỔ SUNG, HOÀN THIỆN HỒ SƠ",
        "Thời hạn giải quyết tạm dừng cho đến khi nhận được nội dung bổ sung.",
    ),
    CaseAct.REFUSE: (
        NoticeForm.CT06,
        "PHIẾU TỪ CHỐI TIẾP NHẬN, GIẢI QUYẾT HỒ SƠ",
        "Công dân có quyền khiếu nại theo quy định của pháp luật.",
    ),
    CaseAct.RECORD: (
        NoticeForm.CT08,
        "THÔNG BÁO VỀ KẾT QUẢ GIẢI QUYẾT HỒ SƠ",
        "Thông tin đã được cập nhật vào Cơ sở dữ liệu về cư trú.",
    ),
    CaseAct.CANCEL: (
        NoticeForm.CT09,
        "QUYẾT ĐỊNH HỦY BỎ ĐĂNG KÝ CƯ TRÚ",
        "Kết quả đăng ký cư trú của hồ sơ này bị hủy bỏ.",
    ),
}
_DUE_LABELS: Mapping[NoticeForm, str] = {
    NoticeForm.CT04: "Ngày hẹn trả kết quả",
    NoticeForm.CT05: "Bổ sung đến hết ngày",
}
_NOTE_LABELS: Mapping[NoticeForm, str] = {
    NoticeForm.CT05: "Nội dung cần bổ sung",
    NoticeForm.CT06: "Lý do",
    NoticeForm.CT09: "Lý do",
}


def notice_of(case: Case, entry: HistoryEntry) -> Notice | None:
    """Write the notice that an act gives rise to; None where it gives rise to none.

    A supplement moves the appointment, where there was one that is not over.
    """
    moves_appointment = entry.due_on is not None and entry.due_on >= ward_day(entry.at)
    if entry.act not in _FORMS or (entry.act is CaseAct.SUPPLEMENT and not moves_appointment):
        return None
    form, title, sentence = _FORMS[entry.act]
    label = _DUE_LABELS.get(form)
    due_on = entry.due_on if label else None
    lines = [
        title,
        f"Mã hồ sơ: {case.case_number}",
        f"Thủ tục: {KIND_NAMES[case.kind]}",
        f"Ngày: {_written(ward_day(entry.at))}",
        sentence,
    ]
    if due_on:
        lines.append(f"{label}: {_written(due_on)}")
    if label := _NOTE_LABELS.get(form):
        lines.append(f"{label}: {entry.note}")
    return Notice(form, entry.at, due_on, "\n".join(lines))


def notices_of(case: Case, history: Iterable[HistoryEntry]) -> list[Notice]:
    """Write the notices of a case, oldest first; a receipt tells the appointment that was given then."""
    found = (notice_of(case, entry) for entry in history)
    return [notice for notice in found if notice]


def _written(day: date) -> str:
    return f"{day:%d/%m/%Y}"
