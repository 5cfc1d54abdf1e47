"""The rescue brief on paper: one page, counts only, the newest copy known by its ETag; names behind it if asked for."""

import re
import zlib
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
from ward.incidents.v1 import incidents_pb2 as pb
from ward.incidents.v1 import printing_pb2
from ward.residency.v1 import lookups_pb2

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


def glyphs(document: bytes) -> int:
    """Measure how much is written on the pages, as the length of their text."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL)
    written = 0
    for stream in streams:
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            continue
        written += sum(map(len, re.findall(rb"\((.*?)\) Tj", content, re.DOTALL)))
    return written


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


def test_names_are_on_pages_behind_the_brief() -> None:
    """However many there are; the first page is the brief's."""
    people = [lookups_pb2.Person(full_name=f"Phạm Thị Giả {number}") for number in range(150)]
    told = pb.DiscloseOccupantsResponse(
        dwellings=[lookups_pb2.DisclosedDwelling(people=people)], expires_at=stamp(NIGHT)
    )
    bare = brief_page.printed_brief(brief())
    named = brief_page.printed_occupants(brief(), told)

    assert pages(bare) == 1
    assert pages(named) > 1
    assert glyphs(named) > glyphs(bare) + 150 * len("Phạm Thị Giả")


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
