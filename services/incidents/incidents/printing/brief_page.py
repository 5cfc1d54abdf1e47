"""The rescue brief on one page: what is read first stands first; what does not fit is counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from incidents.domain.incidents.incident import LOCAL
from incidents.domain.places import spots, storey
from incidents.printing import wording
from incidents.printing.page import AMBER, GREEN, GREY, RED, Page, Section
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.fire_safety.v1 import supply_points_pb2
from ward.incidents.v1 import incidents_pb2 as pb
from ward.residency.v1 import lookups_pb2, residency_pb2

_UNKNOWN = "chưa rõ"
# As many homes are named as needing help, of all needs: about what half a column holds.
_HOMES_NAMED = 60


def printed_brief(brief: pb.RescueBrief) -> bytes:
    """Print a brief: one page, counts only."""
    return _page(brief).document()


def printed_occupants(brief: pb.RescueBrief, told: pb.DiscloseOccupantsResponse) -> bytes:
    """Print a brief and, on pages behind it, who is inside by name; each says whether another follows."""
    page = _page(brief)
    people = lines = [line for dwelling in told.dwellings for line in _household(dwelling)]
    sheet = 0
    while lines:
        page.turn()
        sheet += 1
        page.band("DANH SÁCH NGƯỜI TRONG NHÀ", brief.incident.number, RED)
        page.heading(
            "Chỉ dùng cho vụ việc này; thu hồi và hủy khi vụ việc kết thúc.",
            [f"Truy cập khẩn cấp, được rà soát; xem lại đến {_moment(told.expires_at)}."],
        )
        for column in (0, 1):
            fits = page.fitting(column, lines)
            if lines[:fits]:
                page.column(column, [Section("Người có thể ở trong nhà", lines[:fits])])
            lines = lines[fits:]
        rest = f"còn {len(lines)} người ở tờ sau" if lines else f"hết, cả thảy {len(people)} người"
        page.foot([f"In lúc {_moment(brief.generated_at)} · tờ danh sách {sheet}: {rest}"])
    return page.document()


def _page(brief: pb.RescueBrief) -> Page:
    incident, premises = brief.incident, brief.premises
    page = Page(f"Bản tin cứu nạn {incident.number}", brief.generated_at.ToDatetime(UTC))
    urgent = incident.priority == pb.PRIORITY_P1
    level = pb.Priority.Name(incident.priority).removeprefix("PRIORITY_")
    if incident.exercise:
        page.band("DIỄN TẬP: KHÔNG PHẢI SỰ VIỆC THẬT", "EXERCISE", GREEN)
    page.band("BẢN TIN CỨU NẠN", f"{incident.number} · mức {level}", RED if urgent else AMBER)
    page.heading(incident.place or _UNKNOWN, _where(incident, premises))
    if old := _stale(brief):
        page.warning(f"CŨ: {old} chưa nhận được thay đổi mới")
    page.column(0, _people(brief))
    page.column(1, _place(brief))
    page.foot(_ages(brief))
    return page


def _people(brief: pb.RescueBrief) -> list[Section]:
    """Tell of whom it is about: what is read first stands first."""
    return [
        Section("1. Nơi báo động", _detectors(brief), RED, least=2, most=6),
        Section("2. Người có thể có mặt", _presence(brief), RED, least=9, most=9),
        Section("3. Cần giúp để thoát nạn", _assistance(brief), RED, least=6, most=6),
        Section("4. Theo tầng", _floors(brief), least=3, most=14),
        Section("5. Người lân cận gặp nguy hiểm", _neighbours(brief.neighbours), least=2, most=7),
    ]


def _place(brief: pb.RescueBrief) -> list[Section]:
    """Tell of the place, and whom to call."""
    premises = brief.premises
    return [
        Section("6. Nguy hiểm", _hazards(premises), RED, least=3, most=8),
        Section("7. Lối vào, cắt điện, gas", _access(premises), least=3),
        Section("8. Nước và điểm chữa cháy", _water(brief), least=2, most=5),
        Section("9. Thiết bị không tin cậy được", _devices(brief), AMBER, most=8),
        Section("10. Lưu ý", _remarks(brief), AMBER, least=2, most=8),
        Section("11. Gọi cho", _contacts(premises.contacts), least=3, most=6),
        Section("12. Đã báo", _notified(brief), GREY, most=5),
    ]


def _stale(brief: pb.RescueBrief) -> str:
    """Name the sources of which nothing new was received."""
    return ", ".join(wording.SOURCES[name] for name, told in _sources(brief) if told.stale)


def _where(incident: pb.Incident, premises: fire.Premises) -> list[str]:
    storeys = f"{premises.storeys} tầng" if premises.storeys else ""
    group = f"tổ dân phố {premises.residential_group}" if premises.residential_group else ""
    return [_joined([incident.address, group, storeys, premises.code], " · ") or _UNKNOWN]


def _detectors(brief: pb.RescueBrief) -> list[str]:
    return [
        _joined(
            [
                _clock(one.raised_at, brief.generated_at),
                *spots(one.zone_name or one.device_id, one.floor),
                wording.ALARMS.get(one.kind, "báo cháy"),
                "" if one.device_known else "thiết bị lạ",
                "đã hết tín hiệu" if one.restored else "",
            ]
        )
        for one in brief.detectors
    ] or ["Chưa có đầu báo nào báo động."]


def _presence(brief: pb.RescueBrief) -> list[str]:
    if not (_is_registered(brief) or any(one.count for one in brief.presence.numbers)):
        return [wording.NOT_REGISTERED]
    period = wording.PERIODS.get(brief.presence.period, "")
    lines = []
    for one in reversed(brief.presence.numbers):
        if one.count or one.kind == pb.PRESENCE_KIND_TOTAL:
            name = wording.PRESENCE.get(one.kind, "")
            suffix = f", {period}" if one.kind == pb.PRESENCE_KIND_TOTAL else ""
            lines.append(f"{name}: {one.count}{wording.BOUNDS[one.bound]}{suffix}")
    bands = brief.people.age_bands
    ages = [
        (bands.under_6, "dưới 6"),
        (bands.from_6_to_15, "6-15"),
        (bands.from_16_to_59, "16-59"),
        (bands.from_60_to_74, "60-74"),
        (bands.from_75, "từ 75"),
    ]
    lines.append("Tuổi: " + (", ".join(f"{name}: {n}" for n, name in ages if n) or _UNKNOWN))
    return lines


def _assistance(brief: pb.RescueBrief) -> list[str]:
    needs = brief.people.assistance
    most = max(_HOMES_NAMED // max(len(needs), 1), 1)
    return [
        f"{one.count} {wording.ASSISTANCE.get(one.type, 'cần giúp')}: "
        + _homes_with(brief.dwellings, one.type, most)
        for one in needs
    ] or ["Không ai khai báo." if _is_registered(brief) else wording.NOT_REGISTERED]


def _is_registered(brief: pb.RescueBrief) -> bool:
    """Tell whether the register of residence told anything of the place; where it did not, nobody knows who is in."""
    return brief.people.provenance.HasField("as_of")


def _homes_with(dwellings: Iterable[residency_pb2.DwellingOccupancy], need: int, most: int) -> str:
    """Name the homes in which somebody has a need; those that are too many are counted."""
    homes = [
        _home(one.dwelling)
        for one in dwellings
        if any(each.type == need and each.count for each in one.assistance)
    ]
    more = len(homes) - most
    return ", ".join(homes[:most]) + (f" và {more} căn khác" if more > 0 else "")


def _home(dwelling: residency_pb2.Dwelling) -> str:
    return dwelling.unit or storey(dwelling.floor) or "nhà"


def _floors(brief: pb.RescueBrief) -> list[str]:
    people: Counter[int] = Counter()
    homes: Counter[int] = Counter()
    for one in brief.dwellings:
        people[one.dwelling.floor] += one.registered - one.absent + one.lodging + one.foreign
        homes[one.dwelling.floor] += 1
    return [
        f"{storey(floor) or 'chưa rõ tầng'}: {people[floor]} người, {homes[floor]} căn"
        for floor in sorted(homes, reverse=True)
    ] or ["Không ai đăng ký cư trú." if _is_registered(brief) else wording.NOT_REGISTERED]


def _neighbours(neighbours: Sequence[pb.Neighbour]) -> list[str]:
    return [
        _joined(
            [
                wording.RELATIONS.get(one.relation, ""),
                one.name or one.address or _UNKNOWN,
                f"{one.people.present} người ở" if one.people.present else "",
                _needing(one.people),
                f"{one.working} người làm việc" if one.working else "",
                ", ".join(hazard.description for hazard in one.hazards[:2]),
            ]
        )
        for one in neighbours
    ] or ["Chưa khảo sát."]


def _needing(people: pb.PeopleEstimate) -> str:
    needs = sum(one.count for one in people.assistance)
    return f"{needs} cần giúp" if needs else ""


def _hazards(premises: fire.Premises) -> list[str]:
    return [
        _joined([one.description, one.location, one.quantity]) for one in premises.hazards
    ] or ["Chưa khảo sát."]


def _access(premises: fire.Premises) -> list[str]:
    access = premises.access
    return [
        f"Đường xe chữa cháy: {_metres(access.width_m)}",
        f"Lối vào: {access.approach or _UNKNOWN}",
        f"Cắt điện, gas: {access.shut_offs or _UNKNOWN}",
    ]


def _water(brief: pb.RescueBrief) -> list[str]:
    found = [_supply_point(one.supply_point, one.distance_m) for one in brief.supply_points]
    noted = brief.premises.access.water_source
    near = f" ({_distance(brief.premises.access.water_distance_m)})" if noted else ""
    return [*found, *([f"Hồ sơ cơ sở: {noted}{near}"] if noted else [])] or ["Chưa khảo sát."]


def _supply_point(point: supply_points_pb2.SupplyPoint, distance_m: int) -> str:
    kind = wording.SUPPLY_POINTS.get(point.kind, "")
    state = wording.SUPPLY_STATES.get(point.state, "")
    return _joined([f"{kind} {_distance(distance_m)}", state, point.state_note, point.address])


def _devices(brief: pb.RescueBrief) -> list[str]:
    off = [
        _joined(
            [
                wording.MODES.get(one.kind, ""),
                wording.SCOPES.get(one.scope, one.target_id),
                *spots(one.zone_name, one.floor),
                f"đến {_clock(one.ends_at, brief.generated_at)}",
                one.reason,
            ]
        )
        for one in brief.device_modes
    ]
    trouble = [
        _joined(
            [
                *spots(one.zone_name or one.device_id, one.floor),
                wording.ALARMS.get(one.kind, ""),
            ]
        )
        for one in brief.devices_in_trouble
    ]
    return [*off, *trouble] or ["Không có."]


def _remarks(brief: pb.RescueBrief) -> list[str]:
    premises, lines = brief.premises, []
    if premises.HasField("suspension"):
        order = premises.suspension
        kind = wording.SUSPENSIONS.get(order.kind, "ĐÌNH CHỈ")
        lines.append(f"{kind} từ {_day(order.effective_from)} ({order.decision_number})")
    if brief.inspection_overdue:
        lines.append(f"QUÁ HẠN kiểm tra PCCC: hạn {_day(premises.inspection_due_on)}")
    lines += [
        f"Báo giả {_moment(one.raised_at)}: "
        + _joined([one.zone_name or one.device_id, wording.DISPOSITIONS.get(one.disposition, "")])
        for one in brief.false_alarms
    ]
    return lines or ["Không có."]


def _contacts(contacts: Sequence[fire.Contact]) -> list[str]:
    told = [f"{one.phone} · {one.name}, {one.function}" for one in contacts]
    return told or ["Chưa có đầu mối."]


def _notified(brief: pb.RescueBrief) -> list[str]:
    names = wording.RECIPIENTS
    return [
        f"{_clock(one.sent_at, brief.generated_at)} {names.get(one.recipient, one.recipient)}"
        for one in brief.notifications
    ] or ["Chưa báo ai."]


def _ages(brief: pb.RescueBrief) -> list[str]:
    ages = [f"{wording.SOURCES[name]}: {_age(told)}" for name, told in _sources(brief)]
    limits = "Số người là ước tính; khách có thể chưa khai báo. Báo cháy, cứu nạn: gọi 114."
    return [
        f"In lúc {_moment(brief.generated_at)} · " + " · ".join(ages),
        f"{limits} · bản {brief.fingerprint[:8]}",
    ]


def _sources(brief: pb.RescueBrief) -> list[tuple[str, pb.Provenance]]:
    return [("residency", brief.people.provenance), ("fire-safety", brief.premises_provenance)]


def _age(told: pb.Provenance) -> str:
    if not told.HasField("as_of"):
        return "chưa có dữ liệu"
    return wording.age(told.age_s) + (" (CŨ)" if told.stale else "")


def _household(dwelling: lookups_pb2.DisclosedDwelling) -> list[str]:
    away = frozenset(dwelling.absent)
    people = [
        _joined(
            [
                _home(dwelling.dwelling),
                one.full_name or _UNKNOWN,
                str(one.birth_date.year or ""),
                one.phone,
                _needs(one.assistance),
                "đã khai báo tạm vắng" if one.pseudonym in away else "",
            ]
        )
        for one in dwelling.people
    ]
    guests = [
        _joined(
            [
                _home(dwelling.dwelling),
                one.full_name or _UNKNOWN,
                str(one.birth_date.year or ""),
                _needs(one.assistance),
                "người thân hay đến" if one.standing else "khách",
            ]
        )
        for one in dwelling.guests
    ]
    return [*people, *guests]


def _needs(types: Iterable[int]) -> str:
    return ", ".join(wording.ASSISTANCE.get(one, "cần giúp") for one in types)


def _joined(parts: Iterable[str], between: str = ", ") -> str:
    return between.join(part for part in parts if part)


def _metres(width: float) -> str:
    return f"rộng {width:g} m".replace(".", ",") if width else _UNKNOWN


def _distance(metres: int) -> str:
    return f"{metres:,} m".replace(",", ".")


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-")))


def _clock(at: Timestamp, printed_at: Timestamp) -> str:
    """Write a time; its day only where it is not that of the page, as the console does."""
    local = _local(at)
    today = local.date() == _local(printed_at).date()
    return f"{local:%H:%M:%S}" if today else f"{local:%H:%M:%S} ngày {local:%d/%m/%Y}"


def _moment(at: Timestamp) -> str:
    return f"{_local(at):%H:%M %d/%m/%Y}"


def _local(at: Timestamp) -> datetime:
    return at.ToDatetime(UTC).astimezone(LOCAL)
