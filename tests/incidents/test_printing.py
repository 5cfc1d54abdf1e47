"""The rescue brief on paper: one page, counts only, the newest copy known by its ETag; names behind it if asked for."""

import re
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.telemetry import log
from incidents.printing import brief_page, wording
from incidents.printing.copies import Copies
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    occupancy,
    occupancy_message,
    premises,
    premises_message,
    raise_alarm,
    stamp,
)
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.fire_safety.v1 import modes_pb2, supply_points_pb2
from ward.incidents.v1 import incidents_pb2 as pb
from ward.incidents.v1 import printing_pb2
from ward.residency.v1 import lookups_pb2, residency_pb2

ASSISTANCE_TYPES = residency_pb2.AssistanceType.values()
WORDS = st.text(alphabet="aăâbđeêơưỳ ýỗỆ-,", min_size=1, max_size=60)


def brief(**fields: Any) -> pb.RescueBrief:
    """Make a brief of a building in which people live."""
    said: dict[str, Any] = {
        "incident": pb.Incident(
            incident_id="i-1", number="VV-2026-000042", place="Chung cư Giả Định"
        ),
        "generated_at": stamp(NIGHT),
        "premises": premises_message(),
        "dwellings": [occupancy_message()],
        "fingerprint": "f1",
    }
    return pb.RescueBrief(**{**said, **fields})


def pages(document: bytes) -> int:
    """Count the pages of a PDF."""
    return len(re.findall(rb"/Type /Page\b(?!s)", document))


def text_of(document: bytes) -> str:
    """Read what is written on the pages, as a reader of PDF does; each line ends with a space."""
    objects = dict(re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj", document, re.DOTALL))
    letters = {
        name: _letters(objects, font) for name, font in re.findall(rb"/(F\d+) (\d+) 0 R", document)
    }
    written, font = "", b""
    for page in re.findall(rb"/Contents (\d+) 0 R", document):
        content = _stream(objects[page])
        for name, glyphs in re.findall(
            rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) Tj", content, re.DOTALL
        ):
            font = name or font
            said = re.sub(rb"\\(.)", _unescaped, glyphs, flags=re.DOTALL).decode("utf-16-be")
            written += "".join(letters[font][ord(one)] for one in said) + " " * bool(said)
    return written


def _letters(objects: dict[bytes, bytes], font: bytes) -> dict[int, str]:
    """Read which letter each glyph of a font is."""
    (table,) = re.findall(rb"/ToUnicode (\d+) 0 R", objects[font])
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", _stream(objects[table]))
    return {
        int(glyph, 16): bytes.fromhex(one.decode()).decode("utf-16-be") for glyph, one in pairs
    }


def _stream(content: bytes) -> bytes:
    (packed,) = re.findall(rb"stream\n(.*)\nendstream", content, re.DOTALL)
    return zlib.decompress(packed) if b"/FlateDecode" in content else packed


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return {b"r": b"\r", b"n": b"\n"}.get(escape[1], escape[1])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 400), WORDS, st.integers(0, 60))
def test_whatever_is_known_fits_on_one_page(dwellings: int, text: str, many: int) -> None:
    """What does not fit is counted on it; the largest building and the longest words are no exception."""
    told = brief(
        dwellings=[
            occupancy_message(
                f"d-{number}", floor=number // 8 + 1, unit=f"{number}", needs=[(1, 1)]
            )
            for number in range(dwellings)
        ],
        premises=premises_message(
            name=text,
            hazards=[fire.Hazard(description=text, location=text, quantity=text)] * many,
            contacts=[fire.Contact(function=text, name=text, phone="0100 000 001")] * many,
        ),
        neighbours=[pb.Neighbour(relation=pb.NEIGHBOUR_RELATION_ADJOINING, name=text)] * many,
        detectors=[pb.DetectorInAlarm(zone_name=text, raised_at=stamp(NIGHT))] * many,
    )

    assert pages(brief_page.printed_brief(told)) == 1


def test_of_a_place_that_the_register_does_not_know_nobody_is_told_to_be_away() -> None:
    """Who reads that there are none does not look for them; of a place that it knows, it says so."""
    total = pb.PresenceNumber(kind=pb.PRESENCE_KIND_TOTAL, bound=pb.BOUND_LOWER)
    empty = {"dwellings": [], "presence": pb.PresenceEstimate(numbers=[total])}
    people = pb.PeopleEstimate(provenance=pb.Provenance(source="residency", as_of=stamp(NIGHT)))
    unknown = text_of(brief_page.printed_brief(brief(**empty)))
    known = text_of(brief_page.printed_brief(brief(**empty, people=people)))

    assert unknown.count("Chưa biết: sổ cư trú chưa cho biết gì về nơi này.") == 3
    assert "trở lên" not in unknown
    assert "Không ai" not in unknown
    assert "TỔNG CÓ THỂ CÓ MẶT: 0 trở lên" in known
    assert "Không ai đăng ký cư trú." in known


def test_names_are_on_pages_behind_the_brief() -> None:
    """However many there are; the first page is the brief's."""
    needs = [one for one in ASSISTANCE_TYPES if one]
    people = [
        lookups_pb2.Person(full_name=f"Phạm Thị Giả {number:03}", assistance=needs)
        for number in range(150)
    ]
    told = pb.DiscloseOccupantsResponse(
        dwellings=[lookups_pb2.DisclosedDwelling(people=people)], expires_at=stamp(NIGHT)
    )
    bare = brief_page.printed_brief(brief())
    named = brief_page.printed_occupants(brief(), told)

    assert pages(bare) == 1
    assert pages(named) > 1
    assert "Phạm Thị Giả" not in text_of(bare)
    assert all(one.full_name in text_of(named) for one in people)
    assert "tờ danh sách 1: còn" in text_of(named)
    assert f"tờ danh sách {pages(named) - 1}: hết, cả thảy {len(people)} người" in text_of(named)


def test_where_it_is_is_written_out() -> None:
    """However long its name and address are: on as many lines as that takes."""
    name, address = "Nhà Mô Phỏng số " * 12, "ngách 112/34/56, " * 12
    incident = pb.Incident(number="VV-2026-000042", place=name, address=address)
    document = brief_page.printed_brief(brief(incident=incident))

    assert pages(document) == 1
    assert text_of(document).count("Mô Phỏng") == 12
    assert text_of(document).count("112/34/56") == 12


def test_whom_to_call_and_who_needs_help_are_told_whatever_else_is() -> None:
    """Each kind of need with its number and as many homes as there is room for, and three contacts."""
    long = "một kho hàng rất dài, nhiều tầng, nhiều gian " * 4
    units = [f"P{number:04}" for number in range(50)]
    needs = [(one, 1) for one in ASSISTANCE_TYPES if one]
    people = pb.PeopleEstimate()
    for one, _ in needs:
        people.assistance.add(type=one, count=50)
    contacts = [
        fire.Contact(function="bảo vệ", name="A", phone=f"0100 000 00{n}") for n in range(3)
    ]
    hazards = [fire.Hazard(description=long)] * 20
    told = brief(
        people=people,
        dwellings=[occupancy_message(unit, unit=unit, needs=needs) for unit in units],
        premises=premises_message(hazards=hazards, contacts=contacts),
        neighbours=[pb.Neighbour(name=long)] * 20,
    )
    document = brief_page.printed_brief(told)
    written = text_of(document)

    assert pages(document) == 1
    assert written.count("và 40 căn khác") == len(needs)
    assert all(f"50 {word}" in written for word in wording.ASSISTANCE.values())
    assert all(one.phone in written for one in contacts)


def test_what_is_stale_says_so_above_what_it_tells() -> None:
    """And of which register nothing new was received."""
    old = pb.PeopleEstimate(provenance=pb.Provenance(as_of=stamp(NIGHT), age_s=7200, stale=True))
    stale = text_of(brief_page.printed_brief(brief(people=old)))

    assert "CŨ: sổ cư trú chưa nhận được thay đổi mới" in stale
    assert stale.index("CŨ: sổ cư trú") < stale.index("1. Nơi báo động")
    assert "sổ cư trú: 2 giờ trước (CŨ)" in stale
    assert "CŨ" not in text_of(brief_page.printed_brief(brief()))


def test_metres_are_written_as_vietnamese_does() -> None:
    """With a point between thousands, of points that were found and of what the premises' file says."""
    points = [
        pb.NearbySupplyPoint(
            supply_point=supply_points_pb2.SupplyPoint(
                kind=supply_points_pb2.SUPPLY_POINT_KIND_HYDRANT
            ),
            distance_m=metres,
        )
        for metres in (85, 1100)
    ]
    access = fire.SiteAccess(water_source="hồ Giả", water_distance_m=2050)
    told = brief(supply_points=points, premises=premises_message(access=access))
    written = text_of(brief_page.printed_brief(told))

    assert "Trụ nước 85 m" in written
    assert "Trụ nước 1.100 m" in written
    assert "hồ Giả (2.050 m)" in written


def test_a_time_of_another_day_says_its_day() -> None:
    """By the ward's clocks, at the time of the page: an alarm before midnight was not an hour ago today."""
    midnight = datetime(2026, 11, 27, 17, tzinfo=UTC)
    before, after = stamp(midnight - timedelta(seconds=1)), stamp(midnight)
    told = brief(
        generated_at=stamp(midnight + timedelta(minutes=5)),
        detectors=[
            pb.DetectorInAlarm(zone_name=name, kind=fire.ALARM_KIND_SMOKE, raised_at=raised_at)
            for name, raised_at in (("Bếp", before), ("Kho", after))
        ],
        notifications=[
            pb.Notification(recipient="duty_officer", sent_at=sent_at)
            for sent_at in (before, after)
        ],
        device_modes=[
            modes_pb2.DeviceMode(
                kind=modes_pb2.DEVICE_MODE_KIND_TEST,
                target_id="TB-0001",
                ends_at=stamp(midnight + timedelta(days=1)),
            )
        ],
    )
    written = text_of(brief_page.printed_brief(told))

    assert "23:59:59 ngày 27/11/2026, Bếp, khói" in written
    assert "00:00:00, Kho, khói" in written
    assert "23:59:59 ngày 27/11/2026 trực ban" in written
    assert "00:00:00 trực ban" in written
    assert "TB-0001, đến 00:00:00 ngày 29/11/2026" in written


def test_where_something_is_is_told_once_and_in_words() -> None:
    """A floor only where the name does not say it; of what is set for more than a device how far it reaches, no id.

    Nor is the zone missing where it is known.
    """
    places = (("Nhà xe tầng 1", 1), ("Phòng 1", 1), ("Sảnh tầng 12", 1), ("Kho TẦNG HẦM 1", -1))
    scopes = (
        (modes_pb2.MODE_SCOPE_DEVICE, "TB-0001", "Bếp", 3),
        (modes_pb2.MODE_SCOPE_PREMISES, "premises-1", "", 0),
        (modes_pb2.MODE_SCOPE_ZONE, "zone-1", "", 0),
        (modes_pb2.MODE_SCOPE_ZONE, "zone-2", "Hành lang tầng 2", 2),
    )
    told = brief(
        detectors=[
            pb.DetectorInAlarm(
                zone_name=name, floor=floor, kind=fire.ALARM_KIND_SMOKE, raised_at=stamp(NIGHT)
            )
            for name, floor in places
        ],
        device_modes=[
            modes_pb2.DeviceMode(
                kind=modes_pb2.DEVICE_MODE_KIND_DISABLED,
                scope=scope,
                target_id=target,
                zone_name=zone,
                floor=floor,
                ends_at=stamp(NIGHT),
                reason="thay đầu báo",
            )
            for scope, target, zone, floor in scopes
        ],
    )
    written = text_of(brief_page.printed_brief(told))

    for line in (
        "Nhà xe tầng 1, khói",
        "Phòng 1, tầng 1, khói",
        "Sảnh tầng 12, tầng 1, khói",
        "Kho TẦNG HẦM 1, khói",
        "bị vô hiệu hóa, TB-0001, Bếp, tầng 3, đến",
        "bị vô hiệu hóa, cả cơ sở, đến",
        "bị vô hiệu hóa, một khu vực báo cháy, đến",
        "bị vô hiệu hóa, một khu vực báo cháy, Hành lang tầng 2, đến",
    ):
        assert line in written
    assert written.count("thay đầu báo") == len(scopes)
    assert "premises-1" not in written
    assert "zone-1" not in written


def test_the_letters_of_a_page_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """What embeds the fonts would tell in dozens of lines which letters the names have."""
    log.configure("tests", "INFO")
    brief_page.printed_brief(brief())

    assert capsys.readouterr().out == ""


def test_every_value_of_the_contract_has_its_word() -> None:
    """A new kind would be printed as nothing."""
    spoken = [
        (wording.ALARMS, fire.AlarmKind),
        (wording.PRESENCE, pb.PresenceKind),
        (wording.RELATIONS, pb.NeighbourRelation),
        (wording.PERIODS, pb.PresencePeriod),
    ]
    for words, enum in spoken:
        assert set(words) == set(enum.values()) - {0}  # type: ignore[attr-defined]
    assert set(wording.BOUNDS) == set(pb.Bound.values())


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (5, "5 giây trước"),
        (119, "119 giây trước"),
        (120, "2 phút trước"),
        (7200, "2 giờ trước"),
        (200_000, "2 ngày trước"),
    ],
)
def test_ages_are_told_in_the_largest_unit_that_says_enough(seconds: int, told: str) -> None:
    """Two of it at least."""
    assert wording.age(seconds) == told


async def test_a_copy_is_the_same_document_until_something_is_told() -> None:
    """One ETag is one document, printed once."""
    copies = Copies()
    first = await copies.copy_of(brief())
    again = await copies.copy_of(brief(generated_at=stamp(NIGHT.replace(hour=20))))
    newer = await copies.copy_of(brief(fingerprint="f2"))

    assert again == first
    assert newer.document.etag == "f2"
    assert newer.document.content != first.document.content


def test_the_fonts_come_with_their_licence() -> None:
    """Be Vietnam Pro, SIL Open Font License 1.1."""
    fonts = Path(brief_page.__file__).parent / "fonts"

    assert "SIL Open Font License" in (fonts / "OFL.txt").read_text(encoding="utf-8")
    assert len(list(fonts.glob("*.ttf"))) == 2


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_responder_prints_the_brief_and_nobody_prints_names_without_residency(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """Names are refused with the reason; the brief is one page."""
    await operations.take_premises(uuid4(), premises())
    await operations.take_occupancy(uuid4(), occupancy())
    incident_id = str((await raise_alarm(operations, queries)).incident_id)
    request = printing_pb2.PrintRescueBriefRequest(incident_id=incident_id)
    printed = await service.call("PrintRescueBrief", request, "responder")
    names = printing_pb2.PrintOccupantsRequest(
        incident_id=incident_id,
        request_id=str(uuid4()),
        reason="Khói dày ở tầng hai, cần gọi từng người",
    )
    refusal = await service.refusal("PrintOccupants", names)
    by_responder = await service.refusal("PrintOccupants", names, "responder")

    assert printed.document.media_type == "application/pdf"
    assert printed.document.content.startswith(b"%PDF-")
    assert pages(printed.document.content) == 1
    assert printed.document.etag
    assert (refusal.code, refusal.reason) == ("UNAVAILABLE", "SERVICE_UNAVAILABLE")
    assert by_responder.reason == "ROLE_NOT_ALLOWED"
