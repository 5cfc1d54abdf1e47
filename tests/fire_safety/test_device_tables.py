"""Tables of devices: what people send in, what hostile files get, and what is written for people."""

import csv
import io
import zipfile
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter import Workbook

from chassis.sheets import Limits, SheetProblem
from fire_safety.domain.devices.device import DeviceKind, PayloadFormat, Protocol
from fire_safety.domain.devices.registration import Entry, Fault, Refusal, Verdict, blank
from fire_safety.wire.device_tables.columns import COLUMNS
from fire_safety.wire.device_tables.problems import DeviceFileInvalidError
from fire_safety.wire.device_tables.report import report
from fire_safety.wire.device_tables.rows import read_table
from fire_safety.wire.device_tables.template import csv_template, xlsx_template

LIMITS = Limits(file_bytes=200_000, unfolded_bytes=2_000_000, rows=50)


def read(text: str) -> list[Entry]:
    """Read a CSV."""
    return read_table(text.encode(), LIMITS)


def workbook(*rows: list[Any]) -> bytes:
    """Make an XLSX with these rows."""
    written = io.BytesIO()
    options = {"in_memory": True, "default_date_format": "dd/mm/yyyy"}
    with Workbook(written, options) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return written.getvalue()


def problem_of(content: bytes) -> tuple[SheetProblem, str]:
    """Read a file that cannot be used; tell what is wrong with it."""
    with pytest.raises(DeviceFileInvalidError) as refused:
        read_table(content, LIMITS)
    return refused.value.problem, refused.value.detail


def test_vietnamese_and_english_headings_mean_the_same() -> None:
    """In any order, with accents or without, and with the semicolons of Vietnamese Excel."""
    english = read("device_id,interval_s,kind,installed_on\nd-1,60,SMOKE,2026-11-03\n")
    vietnamese = read(
        "\ufeffNgày lắp đặt;LOAI THIET BI;Mã thiết bị ;chu kỳ báo (giây)\r\n03/11/2026;Khói;d-1;60\r\n"
    )

    assert english == vietnamese
    assert english[0].values == {
        "interval_s": 60,
        "kind": DeviceKind.SMOKE,
        "installed_on": date(2026, 11, 3),
    }


def test_a_workbook_says_the_same_as_a_text() -> None:
    """Numbers, days and truth values are read as somebody would have typed them."""
    content = workbook(
        ["device_id", "interval_s", "installed_on", "mains_powered", "model"],
        ["d-1", 60, datetime(2026, 11, 3), True, 7.5],  # noqa: DTZ001 - a table knows no zone
        [],
        ["d-2", "60", "2026-11-03", "có", "=1+1"],
    )

    first, second = read_table(content, LIMITS)

    assert first.values == {
        "interval_s": 60,
        "installed_on": date(2026, 11, 3),
        "mains_powered": True,
        "model": "7.5",
    }
    assert (first.number, second.number) == (2, 4)


def test_an_error_in_a_cell_is_read_as_it_is_seen() -> None:
    """A look-up that found nothing would otherwise take a device's premises away."""
    written = io.BytesIO()
    with Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["device_id", "interval_s", "premises_id", "installed_on", "model"])
        sheet.write_row(1, 0, ["d-1", 60])
        sheet.write_formula(1, 2, '=VLOOKUP("a",F1:G2,2)', None, "#N/A")
        sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
        sheet.write_formula(1, 4, "=NONE", None, "#NAME?")

    (entry,) = read_table(written.getvalue(), LIMITS)

    assert entry.values["premises_id"] == "#N/A"
    assert entry.refusals == (Refusal("installed_on", Fault.DATE), Refusal("model", Fault.TEXT))


@pytest.mark.parametrize("value", [b"", b"<v/>", b"<v />", b"<v></v>"])
def test_a_formula_that_nobody_computed_is_not_an_empty_cell(value: bytes) -> None:
    """It would empty what the register says; a text that a formula computed as empty is empty."""
    cells = (
        b'<c r="A1" t="str"><v>device_id</v></c><c r="B1" t="str"><v>model</v></c>'
        b'<c r="C1" t="str"><v>firmware</v></c><c r="D1" t="str"><v>interval_s</v></c>'
    )
    formulas = (
        b'<c r="A2" t="str"><v>d-1</v></c><c r="B2" s="1"><f>A1&amp;"x"</f>%s</c>'
        b'<c r="C2" t="str"><f>IF(1,"")</f><v></v></c><c r="D2"><f>30*2</f><v>60</v></c>' % value
    )
    rows = b'<row r="1">%s</row><row r="2">%s</row>' % (cells, formulas)

    (entry,) = read_table(edited(SHEET, CELL % rows), LIMITS)

    assert entry.refusals == (Refusal("model", Fault.TEXT),)
    assert entry.values == {"firmware": "", "interval_s": 60}


def test_what_stands_in_merged_cells_counts_for_each_of_them() -> None:
    """The code of the premises stands once beside all of their devices."""
    written = io.BytesIO()
    with Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["device_id", "interval_s", "premises_id", "firmware", "model"])
        for number in range(1, 4):
            sheet.write_row(number, 0, [f"d-{number}", 60])
        sheet.merge_range(1, 2, 2, 2, "CS-0001")
        sheet.merge_range(3, 3, 9, 9, "2.4.1")

    first, second, third = read_table(written.getvalue(), LIMITS)

    assert [one.values["premises_id"] for one in (first, second, third)] == [
        "CS-0001",
        "CS-0001",
        "",
    ]
    assert (third.values["firmware"], third.values["model"]) == ("2.4.1", "2.4.1")


def test_a_heading_over_two_rows_or_columns_is_one_heading() -> None:
    """It is no device, and no column twice."""
    written = io.BytesIO()
    with Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 1, 0, "device_id")
        sheet.merge_range(0, 1, 1, 1, "interval_s")
        sheet.merge_range(0, 2, 1, 3, "model")
        sheet.write_row(2, 0, ["d-1", 60, "KN-10"])

    (entry,) = read_table(written.getvalue(), LIMITS)

    assert (entry.device_id, entry.number) == ("d-1", 3)
    assert entry.values == {"interval_s": 60, "model": "KN-10"}


def test_an_empty_cell_empties_and_a_missing_column_does_not() -> None:
    """Where something must stand, an empty cell takes what the register takes."""
    (entry,) = read("device_id,interval_s,kind,protocol,payload_format,zone_id,floor\nd-1,60,,,,,")

    assert entry.values == {
        "interval_s": 60,
        "kind": DeviceKind.SMOKE_HEAT,
        "protocol": Protocol.NATS,
        "payload_format": PayloadFormat.NATIVE,
        "zone_id": "",
        "floor": 0,
    }


def test_a_row_with_more_cells_than_headings_is_told() -> None:
    """A comma that nobody quoted has moved what follows it; empty cells at the end say nothing."""
    shifted, padded = read("device_id,interval_s,model\nd-1,60,Hochiki, SOC-24\nd-2,60,KN-10,,\n")

    assert shifted.refusals == (Refusal("row", Fault.SHIFTED),)
    assert padded.refusals == ()


def test_every_bad_cell_of_a_row_is_told() -> None:
    """So that it is corrected once."""
    (entry,) = read(
        "device_id,interval_s,kind,protocol,payload_format,floor,mains_powered,installed_on\n"
        "d-1,1e3,toaster,LoRa,XML,ground,maybe,31/02/2026\n"
    )

    assert entry.refusals == (
        Refusal("interval_s", Fault.INTERVAL),
        Refusal("kind", Fault.KIND),
        Refusal("protocol", Fault.PROTOCOL),
        Refusal("payload_format", Fault.FORMAT),
        Refusal("floor", Fault.FLOOR),
        Refusal("mains_powered", Fault.YES_OR_NO),
        Refusal("installed_on", Fault.DATE),
    )


# As the template has it.
INTERVAL = "Chu kỳ báo (giây) / interval_s"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (SheetProblem.EMPTY, "")),
        (b"device_id,interval_s\n\n,\n", (SheetProblem.EMPTY, "")),
        (b"device_id,model\nd-1,x\n", (SheetProblem.NO_HEADING, INTERVAL)),
        (b"device_id,interval_s,colour\n", (SheetProblem.UNKNOWN_HEADING, "colour")),
        (
            "device_id,interval_s,Mã thiết bị\n".encode(),
            (SheetProblem.HEADING_TWICE, "Mã thiết bị / device_id"),
        ),
        (b"device_id,interval_s\nd-1,\xff\n", (SheetProblem.NOT_UTF8, "2")),
        (b'device_id,interval_s\n"d-1\n', (SheetProblem.TORN, "2")),
        (b"device_id,interval_s\n" + b"d,1\n" * 51, (SheetProblem.TOO_MANY_ROWS, "50")),
        (b"," * 60, (SheetProblem.TOO_WIDE, "")),
        (b"x" * 200_001, (SheetProblem.TOO_LARGE, "0 MiB")),
        (b"PK\x03\x04 and no archive", (SheetProblem.BROKEN, "")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (SheetProblem.PASSWORD, "")),
        (workbook(["device_id"]), (SheetProblem.NO_HEADING, INTERVAL)),
        (workbook(), (SheetProblem.EMPTY, "")),
    ],
)
def test_a_file_that_cannot_be_used_is_told_as_a_whole(
    content: bytes, expected: tuple[SheetProblem, str]
) -> None:
    """With what is wrong, in both languages."""
    assert problem_of(content) == expected
    assert expected[0].vi != expected[0].en


def edited(part: str, content: bytes) -> bytes:
    """Make a workbook one part of which is another."""
    made = io.BytesIO()
    good = zipfile.ZipFile(io.BytesIO(workbook(["device_id", "interval_s"], ["d-1", 60])))
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good.namelist():
            archive.writestr(name, content if name == part else good.read(name))
    return made.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
CELL = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
# A sheet of one cell, and many merged areas in which nothing stands.
MERGED = CELL.replace(
    b"%s</sheetData>",
    b'<row r="1"><c r="A1" t="str"><v>device_id</v></c></row></sheetData><mergeCells>%s</mergeCells>',
)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (edited(SHEET, b" " * 3_000_000), SheetProblem.TOO_LARGE),
        (
            edited(SHEET, CELL % b'<row r="1048576"><c r="A1048576"><v>1</v></c></row>'),
            SheetProblem.TOO_MANY_ROWS,
        ),
        (
            edited(SHEET, CELL % b'<row r="1"><c r="XFD1"><v>1</v></c></row>'),
            SheetProblem.TOO_WIDE,
        ),
        (edited(SHEET, MERGED % (b'<mergeCell ref="C1:D50"/>' * 40_000)), SheetProblem.BROKEN),
        (edited(SHEET, b"<worksheet"), SheetProblem.BROKEN),
        (edited("xl/workbook.xml", b"no xml"), SheetProblem.BROKEN),
    ],
    ids=["bomb", "far row", "far column", "merged areas", "torn sheet", "torn book"],
)
def test_a_hostile_workbook_costs_little(content: bytes, problem: SheetProblem) -> None:
    """It is refused before anything of that size is made."""
    assert len(content) < 20_000
    assert problem_of(content)[0] is problem


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing but the expected error comes out of them."""
    for beginning in (b"", b"device_id,interval_s\n", b"PK\x03\x04"):
        with suppress(DeviceFileInvalidError):
            read_table(beginning + content, LIMITS)


@pytest.mark.parametrize("template", [csv_template(), xlsx_template()], ids=["csv", "xlsx"])
def test_the_template_has_every_column_and_no_device(template: bytes) -> None:
    """Entered as it is, it is an empty file, not an example that becomes real."""
    assert problem_of(template) == (SheetProblem.EMPTY, "")


def test_the_examples_are_right() -> None:
    """Each is what its column reads."""
    for column in COLUMNS:
        column.read(column.example)


def test_the_report_tells_each_row_and_runs_nothing() -> None:
    """Cells that a table program would run are texts."""
    good = Entry("d-1", {}, number=2)
    evil = Entry('=HYPERLINK("http://x")', {}, number=3)
    refusals = (Refusal("device_id", Fault.DEVICE_ID), Refusal("interval_s", Fault.INTERVAL))
    known = blank("d-1")
    written = report([Verdict(good, known, known, ()), Verdict(evil, None, blank("x"), refusals)])

    lines = list(csv.reader(io.StringIO(written.decode("utf-8-sig"))))
    assert lines[0] == ["row", "device_id", "outcome", "field", "reason_vi", "reason_en"]
    assert lines[1] == ["2", "d-1", "UNCHANGED", "", "", ""]
    assert [line[3] for line in lines[2:]] == ["device_id", "interval_s"]
    assert lines[2][1] == "'" + evil.device_id
    assert written.startswith(b"\xef\xbb\xbf")
