"""The rescue brief as a person reads it."""

from collections.abc import Iterator
from datetime import UTC, timedelta, timezone
from itertools import groupby

from google.protobuf.timestamp_pb2 import Timestamp

from simulator.demo import wording
from ward.incidents.v1 import incidents_pb2 as incidents
from ward.residency.v1 import residency_pb2 as residency

VIETNAM = timezone(timedelta(hours=7))


def brief_lines(brief: incidents.RescueBrief) -> Iterator[tuple[str, str]]:
    """Yield the brief as pairs of a heading, which may be empty, and a line."""
    incident, place = brief.incident, brief.premises
    priority = wording.PRIORITIES.get(incident.priority, "")
    yield "Vụ việc · incident", f"{incident.number} {priority}, mở {clock(incident.opened_at)}"
    yield "Cơ sở · premises", f"{place.code} {place.name}, {place.storeys} tầng"
    yield "", f"{place.address}, tổ dân phố {place.residential_group}"
    yield "", provenance(brief.premises_provenance)
    yield from _headed("Báo động · alarms", _detectors(brief))
    yield from _headed("Người · people", _people(brief))
    yield from _headed("Nguy hiểm · hazards", _hazards(brief))
    yield from _headed("Đường vào · access", _access(brief))
    yield from _headed("Gọi · contacts", _contacts(brief))
    yield from _headed("Thiết bị lỗi · faulty", _troubles(brief))
    yield from _headed("Đã báo · notified", _notified(brief))


def clock(at: Timestamp) -> str:
    """Write a time of day in Vietnam."""
    local = at.ToDatetime(tzinfo=UTC).astimezone(VIETNAM)
    return f"{local:%H:%M:%S}"


def provenance(source: incidents.Provenance) -> str:
    """Write where a number comes from and how old it is."""
    return f"(nguồn {source.source}, cách đây {wording.old(source.age_s)})"


def _headed(heading: str, lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    empty = True
    for line in lines:
        yield (heading if empty else ""), line
        empty = False
    if empty:
        yield heading, "không có"


def _detectors(brief: incidents.RescueBrief) -> Iterator[str]:
    for detector in brief.detectors:
        kind = wording.KINDS.get(detector.kind, "")
        value = wording.measured(detector.kind, detector.value)
        restored = ", đã hết" if detector.restored else ""
        yield f"{clock(detector.raised_at)} {detector.zone_name}: {kind} {value}{restored}"


def _people(brief: incidents.RescueBrief) -> Iterator[str]:
    people = brief.people
    bound = "ít nhất " if people.provenance.lower_bound else ""
    yield f"{bound}{people.present} người có mặt ({wording.ages(people.age_bands)}): {_apart(people)}"
    if people.assistance:
        yield f"cần hỗ trợ: {wording.needs(list(people.assistance))}"
    if people.provenance.lower_bound:
        yield "cận dưới: lưu trú có thể khai báo đến 23:00 hoặc sáng hôm sau"
    yield provenance(people.provenance)
    for floor, dwellings in groupby(brief.dwellings, lambda each: each.dwelling.floor):
        yield f"tầng {floor}: " + "; ".join(map(_dwelling, dwellings))


def _apart(people: incidents.PeopleEstimate) -> str:
    """Tell each number apart that is not 0, the registered always."""
    parts = [f"đăng ký {people.registered}"]
    for number, words in (
        (people.absent, "tạm vắng"),
        (people.lodging, "lưu trú"),
        (people.foreign, "người nước ngoài"),
        (people.standing, "người thân hay đến, có thể có mặt"),
    ):
        if number:
            parts.append(f"{words} {number}")
    return ", ".join(parts)


def _dwelling(occupancy: residency.DwellingOccupancy) -> str:
    unit = occupancy.dwelling.unit or "nhà"
    help_needed = wording.needs(list(occupancy.assistance))
    return f"{unit} {occupancy.present}" + (f" ({help_needed})" if help_needed else "")


def _hazards(brief: incidents.RescueBrief) -> Iterator[str]:
    for hazard in brief.premises.hazards:
        quantity = f", {hazard.quantity}" if hazard.quantity else ""
        yield f"{hazard.description}: {hazard.location}{quantity}"


def _access(brief: incidents.RescueBrief) -> Iterator[str]:
    access = brief.premises.access
    yield f"rộng {wording.number(access.width_m, 1)} m; {access.approach}"
    yield f"ngắt: {access.shut_offs}"
    yield f"nước: {access.water_source}, cách {access.water_distance_m} m"


def _contacts(brief: incidents.RescueBrief) -> Iterator[str]:
    for contact in brief.premises.contacts:
        yield f"{contact.function}: {contact.name}, {contact.phone}"


def _troubles(brief: incidents.RescueBrief) -> Iterator[str]:
    for trouble in brief.devices_in_trouble:
        kind = wording.KINDS.get(trouble.kind, "")
        yield f"{trouble.device_id} {trouble.zone_name}: {kind} từ {clock(trouble.since)}"


def _notified(brief: incidents.RescueBrief) -> Iterator[str]:
    for notification in brief.notifications:
        who = wording.RECIPIENTS.get(notification.recipient, notification.recipient)
        through = wording.CHANNELS.get(notification.channel, notification.channel)
        yield f"{who} qua {through} lúc {clock(notification.sent_at)}"
