"""One page of A4 in two columns: sections of short lines, as many as fit."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

_FONTS = Path(__file__).parent / "fonts"
_FAMILY = "Be Vietnam Pro"
# Millimetres.
_MARGIN = 10.0
_GUTTER = 6.0
_WIDTH, _HEIGHT = 210.0, 297.0
_COLUMN = (_WIDTH - 2 * _MARGIN - _GUTTER) / 2
_FOOT = 18.0
_LINE = 4.5
_TITLE = 5.9
_GAP = 2.2
# Points.
_TEXT, _HEADING, _SMALL = 9.2, 10.0, 7.5

Colour = tuple[int, int, int]
RED: Colour = (178, 24, 24)
AMBER: Colour = (160, 96, 0)
GREEN: Colour = (22, 110, 60)
INK: Colour = (20, 20, 20)
GREY: Colour = (105, 105, 105)
_PALE: Colour = (236, 236, 236)


class Page:
    """A page that is filled from top to bottom, column by column; what does not fit is counted, never cut silently."""

    def __init__(self, title: str, printed_at: datetime) -> None:
        self._pdf = FPDF(format="A4")
        self._pdf.set_creation_date(printed_at)
        self._pdf.set_title(title)
        self._pdf.set_lang("vi")
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.add_font(_FAMILY, "", _FONTS / "BeVietnamPro-Regular.ttf")
        self._pdf.add_font(_FAMILY, "B", _FONTS / "BeVietnamPro-Bold.ttf")
        self._begin()

    def band(self, left: str, right: str, colour: Colour) -> None:
        """Write a coloured band over the whole width, with what must be seen from across the room."""
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(_MARGIN, self._top, _WIDTH - 2 * _MARGIN, 11, style="F")
        self._write(_MARGIN + 3, self._top + 2.2, left, size=14, bold=True, colour=(255, 255, 255))
        self._font(10, bold=True, colour=(255, 255, 255))
        at = _WIDTH - _MARGIN - 3 - self._pdf.get_string_width(right)
        self._write(at, self._top + 2.8, right, size=10, bold=True, colour=(255, 255, 255))
        self._set_top(self._top + 13)

    def heading(self, text: str, below: Sequence[str]) -> None:
        """Write where it is, over the whole width."""
        wide = _WIDTH - 2 * _MARGIN
        self._write(_MARGIN, self._top, self._fitting(text, wide, 13), size=13, bold=True)
        top = self._top + 6.5
        for line in below:
            self._write(_MARGIN, top, self._fitting(line, wide, _TEXT), size=_TEXT)
            top += _LINE
        self._set_top(top + _GAP / 2)

    def section(
        self,
        column: int,
        title: str,
        lines: Sequence[str],
        *,
        colour: Colour = INK,
        most: int = 99,
    ) -> None:
        """Write a section into a column, 0 or 1; lines beyond `most`, or the page's end, are counted."""
        x = _MARGIN + column * (_COLUMN + _GUTTER)
        wrapped = [self._wrapped(line) for line in lines]
        kept = self._kept(column, wrapped, most)
        left_out = len(lines) - kept
        self._pdf.set_fill_color(*_PALE)
        self._pdf.rect(x, self._tops[column], _COLUMN, _TITLE - 0.6, style="F")
        self._write(
            x + 1, self._tops[column] + 0.5, title, size=_HEADING, bold=True, colour=colour
        )
        self._tops[column] += _TITLE
        for rows in wrapped[:kept]:
            for number, row in enumerate(rows):
                self._write(x + 1 + 2 * (number > 0), self._tops[column], row, size=_TEXT)
                self._tops[column] += _LINE
        if left_out:
            more = f"… và {left_out} mục khác, xem trên màn hình"
            self._write(x + 1, self._tops[column], more, size=_SMALL, colour=GREY)
            self._tops[column] += _LINE
        self._tops[column] += _GAP

    def foot(self, lines: Sequence[str]) -> None:
        """Write how old all is, at the bottom of the page."""
        top = _HEIGHT - _MARGIN - 3.4 * len(lines)
        self._pdf.set_draw_color(*GREY)
        self._pdf.line(_MARGIN, top - 1, _WIDTH - _MARGIN, top - 1)
        for line in lines:
            fits = self._fitting(line, _WIDTH - 2 * _MARGIN, _SMALL)
            self._write(_MARGIN, top, fits, size=_SMALL, colour=GREY)
            top += 3.4

    def turn(self) -> None:
        """Begin another page."""
        self._begin()

    def room_left(self, column: int) -> float:
        """Tell how much of a column is free, millimetres."""
        return _HEIGHT - _FOOT - _MARGIN - self._tops[column]

    def document(self) -> bytes:
        """Give the PDF."""
        return bytes(self._pdf.output())

    def _begin(self) -> None:
        self._pdf.add_page()
        self._set_top(_MARGIN)

    def _set_top(self, top: float) -> None:
        self._top, self._tops = top, [top, top]

    def _kept(self, column: int, wrapped: Sequence[Sequence[str]], most: int) -> int:
        room = self.room_left(column) - _TITLE - _LINE
        kept = 0
        for rows in wrapped[:most]:
            room -= _LINE * len(rows)
            if room < 0:
                break
            kept += 1
        return kept

    def _wrapped(self, text: str) -> list[str]:
        self._font(_TEXT)
        rows = self._pdf.multi_cell(
            _COLUMN - 3, _LINE, text, dry_run=True, output=MethodReturnValue.LINES, align="L"
        )
        return rows if isinstance(rows, list) and rows else [""]

    def _fitting(self, text: str, width: float, size: float) -> str:
        self._font(size, bold=True)
        while text and self._pdf.get_string_width(text) > width:
            text = text[:-2].rstrip("…") + "…"
        return text

    def _write(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        bold: bool = False,
        colour: Colour = INK,
    ) -> None:
        self._font(size, bold=bold, colour=colour)
        self._pdf.set_xy(x, y)
        self._pdf.cell(0, size * 0.43, text, new_x=XPos.RIGHT, new_y=YPos.TOP)

    def _font(self, size: float, *, bold: bool = False, colour: Colour = INK) -> None:
        self._pdf.set_font(_FAMILY, "B" if bold else "", size)
        self._pdf.set_text_color(*colour)
