"""What the register holds of a person, told to that person: as data, and as Vietnamese text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from chassis.clock import ward_local
from residency.domain.cases.population import ASKED, Verdict
from residency.domain.lookups.disclosure import Disclosure, PersonField
from residency.domain.persons.nationality import nationality_name
from residency.domain.protection.held_data import NEED_NAMES, SEX_NAMES, HeldData
from residency.domain.residence.found import FoundPerson
from residency.domain.residence.registrations import RegistrationTold, ResidenceKind

_KINDS: Mapping[ResidenceKind, str] = {
    ResidenceKind.PERMANENT: "thường trú",
    ResidenceKind.TEMPORARY: "tạm trú",
}
# Roles, purposes and outcomes as the person reads them; the data has the words of the contract.
_ROLES: Mapping[str, str] = {
    "ward_executive": "UBND phường",
    "residence_officer": "cán bộ đăng ký cư trú",
    "duty_officer": "trực ban",
    "fire_officer": "cán bộ PCCC",
    "group_head": "tổ trưởng tổ dân phố",
    "responder": "lực lượng ở cơ sở",
    "premises_manager": "người đứng đầu cơ sở",
    "partner_org": "cơ quan, tổ chức phối hợp",
    "city_police_liaison": "Công an thành phố",
    "citizen": "công dân",
    "data_protection_officer": "cán bộ bảo vệ dữ liệu cá nhân",
    "administrator": "quản trị hệ thống",
    "service": "hệ thống khác",
}
_PURPOSES: Mapping[str, str] = {
    "RESIDENCE_CASE": "giải quyết hồ sơ cư trú",
    "FIRE_RESCUE": "cứu nạn, cứu hộ",
    "PUBLIC_SERVICE": "dịch vụ công",
    "DATA_SUBJECT_REQUEST": "yêu cầu của chủ thể dữ liệu",
    "SUPERVISION": "giám sát việc truy cập dữ liệu",
    "": "không nêu mục đích",
}
_OUTCOMES: Mapping[str, str] = {
    "OK": "đã thực hiện",
    # What was done stays done, and nobody knows how much of the answer came.
    "CANCELLED": "bị ngắt trước khi trả lời xong",
    ASKED: "đã hỏi cơ sở dữ liệu quốc gia về dân cư",
    Verdict.MATCH: "cơ sở dữ liệu quốc gia về dân cư: khớp",
    Verdict.MISMATCH: "cơ sở dữ liệu quốc gia về dân cư: không khớp",
    Verdict.NOT_FOUND: "cơ sở dữ liệu quốc gia về dân cư: không tìm thấy",
    Verdict.UNAVAILABLE: "cơ sở dữ liệu quốc gia về dân cư: chưa trả lời",
}

# What the population database was asked and has answered, and how such a look is told without its case.
_ASKED = {ASKED, *Verdict}
_OFFICER, _OK = ("residence_officer",), "OK"


@dataclass(frozen=True)
class Look:
    """One look at the person: when, in which roles, for which purpose and with which outcome; never by whom."""

    at: datetime
    roles: Sequence[str]
    purpose: str
    reference: str
    outcome: str

    def without_case(self) -> "Look":
        """Tell it as any look of the officer for whom it was: the population database is asked for cases only."""
        untold = replace(self, reference="")
        return replace(untold, roles=_OFFICER, outcome=_OK) if self.outcome in _ASKED else untold


@dataclass(frozen=True)
class Looks:
    """How many looks at the person there were, and the newest of them, newest first."""

    number: int
    newest: Sequence[Look]


@dataclass(frozen=True)
class PersonalDataExport:
    """What is told: the person as far as the rules allow, registrations of all time, and who looked.

    `held` is all else: stays, absences, needs of assistance, households, cases, and merges of records. Who is not on
    the register, as a foreign guest, is no `person`.
    """

    request_number: str
    made_at: datetime
    disclosure: Disclosure
    person: FoundPerson | None
    masked_number: str
    phone: str
    registrations: Sequence[RegistrationTold]
    held: HeldData
    looks: Looks

    def as_data(self) -> dict[str, Any]:
        """Give it as JSON can hold it; what is withheld is listed."""
        return {
            "request": self.request_number,
            "made_at": self.made_at.isoformat(),
            "person": {name: value for name, (_, value) in self._person().items()},
            "registrations": [_registration(one) for one in self._registrations],
            **self.held.as_data(self.disclosure.fields),
            "withheld": [str(field) for field in self.disclosure.withheld],
            "number_of_looks": self.looks.number,
            "looks": [
                {
                    "at": one.at.isoformat(),
                    "roles": list(one.roles),
                    "purpose": one.purpose,
                    "reference": one.reference,
                    "outcome": one.outcome,
                }
                for one in self._looks
            ],
        }

    def as_text(self) -> str:
        """Write it for the person."""
        lines = [
            "DỮ LIỆU CÁ NHÂN ĐANG ĐƯỢC LƯU GIỮ",
            f"Yêu cầu số: {self.request_number}",
            f"Lập lúc: {_moment(self.made_at)}",
            *(f"{label}: {_words(name, told)}" for name, (label, told) in self._person().items()),
        ]
        if self._registrations:
            lines.append("Đăng ký cư trú:")
            lines += [f"- {_registered(one)}" for one in self._registrations]
        lines += self.held.lines(self.disclosure.fields)
        lines.append(f"Số lượt truy cập dữ liệu về ông/bà: {self.looks.number}")
        if self.looks.number > len(self.looks.newest):
            lines.append(
                f"Dưới đây là {len(self.looks.newest)} lượt mới nhất; "
                "ông/bà có thể yêu cầu bản liệt kê đầy đủ."
            )
        lines += [f"- {_look(one)}" for one in self._looks]
        return "\n".join(lines)

    @property
    def _registrations(self) -> Sequence[RegistrationTold]:
        return self.registrations if PersonField.RESIDENCES in self.disclosure.fields else ()

    @property
    def _looks(self) -> Sequence[Look]:
        """Give the newest looks, each with its reference only where that is a number which is told here anyway.

        A host would learn by the number of a case that officers alone see that a guest is declared elsewhere, and as
        well if the looks for such cases were the only ones without a number, or with what only cases have.
        """
        told = {self.request_number, *(one.case_number for one in self.held.cases)}
        return [one if one.reference in told else one.without_case() for one in self.looks.newest]

    def _person(self) -> dict[str, tuple[str, Any]]:
        """Give what may be told by its name, with its Vietnamese label."""
        person = self.person
        if person is None:
            return {}
        told = [
            (PersonField.FULL_NAME, "full_name", "Họ và tên", person.full_name.text),
            (PersonField.MASKED_NUMBER, "number", "Số định danh cá nhân", self.masked_number),
            (PersonField.BIRTH_DATE, "birth_date", "Ngày sinh", person.birth_date.written),
            (PersonField.SEX, "sex", "Giới tính", SEX_NAMES[person.sex]),
            (PersonField.FULL_NAME, "nationality", "Quốc tịch", self.held.nationality),
            (PersonField.PHONE, "phone", "Số điện thoại", self.phone or "không có"),
            # How the person is reached, by whatever means.
            (PersonField.PHONE, "email", "Thư điện tử", self.held.email or "không có"),
            (
                PersonField.ASSISTANCE,
                "assistance",
                "Nhu cầu hỗ trợ",
                [NEED_NAMES[need] for need in person.needs],
            ),
        ]
        return {
            name: (label, value)
            for field, name, label, value in told
            if field in self.disclosure.fields
        }


def _registration(told: RegistrationTold) -> dict[str, Any]:
    return {
        "kind": str(told.kind),
        "address": told.dwelling.building.address,
        "unit": told.dwelling.unit,
        "valid_from": told.term.valid_from.isoformat(),
        "valid_until": told.term.valid_until.isoformat() if told.term.valid_until else None,
        "ended_on": told.ended_on.isoformat() if told.ended_on else None,
        "recorded_at": told.recorded_at.isoformat(),
    }


def _registered(told: RegistrationTold) -> str:
    end = told.ended_on or told.term.valid_until
    until = f" đến trước {_day(end)}" if end else ""
    unit = f" ({told.dwelling.unit})" if told.dwelling.unit else ""
    where = f"{told.dwelling.building.address}{unit}"
    return f"{_KINDS[told.kind]} tại {where}, từ {_day(told.term.valid_from)}{until}"


def _look(look: Look) -> str:
    who = ", ".join(_ROLES.get(role, role) for role in look.roles) or "không rõ vai trò"
    why = f"{_PURPOSES.get(look.purpose, look.purpose)} {look.reference}".strip()
    became = _OUTCOMES.get(look.outcome, f"không thực hiện ({look.outcome})")
    return f"{_moment(look.at)}: {who}, {why}, {became}"


def _words(name: str, value: str | list[str]) -> str:
    if isinstance(value, str):
        return nationality_name(value) if name == "nationality" else value
    return ", ".join(value) or "không"


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _moment(moment: datetime) -> str:
    return f"{ward_local(moment):%H:%M %d/%m/%Y}"
