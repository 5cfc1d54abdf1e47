"""The table to fill in."""

import csv
import io

from xlsxwriter import Workbook

from fire_safety.domain.devices.device import DeviceKind, PayloadFormat, Protocol
from fire_safety.wire.device_tables.columns import COLUMNS

_CHOICES = {
    "kind": list(DeviceKind),
    "protocol": list(Protocol),
    "payload_format": list(PayloadFormat),
    "mains_powered": ["có", "không"],
}
_ROWS = 5000
_HEADINGS = [one.title for one in COLUMNS]


def csv_template() -> bytes:
    """Write the headings as CSV."""
    written = io.StringIO(newline="")
    csv.writer(written).writerow(_HEADINGS)
    return written.getvalue().encode("utf-8-sig")


def xlsx_template() -> bytes:
    """Write the headings as XLSX, with an example as the comment of each and the choices of those that have some.

    All cells are text, so that no table program makes a number of an id.
    """
    written = io.BytesIO()
    with Workbook(written, {"in_memory": True, "strings_to_formulas": False}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        sheet = book.add_worksheet("devices")
        sheet.set_column(0, len(COLUMNS) - 1, 26, text)
        sheet.freeze_panes(1, 1)
        sheet.write_row(0, 0, _HEADINGS, bold)
        for number, column in enumerate(COLUMNS):
            if column.example:
                sheet.write_comment(0, number, f"Ví dụ / example: {column.example}")
            if column.field in _CHOICES:
                choices = {"validate": "list", "source": _CHOICES[column.field]}
                # A warning only: Vietnamese names are read as well.
                sheet.data_validation(
                    1, number, _ROWS, number, {**choices, "error_type": "warning"}
                )
    return written.getvalue()
