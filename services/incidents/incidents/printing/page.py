"""One page of A4 in two columns: sections of short lines, as many as fit."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Section:
    """A titled part of a column: at most `most` lines, and `least` of them before other sections have more."""

    title: str
    lines: Sequence[str]
    colour: Colour = INK
    least: int = 1
    most: int = 99


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
        """Write where it is, over the whole width, on as many lines as that takes."""
        for row in self._wrapped(text, _WIDTH - 2 * _MARGIN, 13, bold=True):
            self._write(_MARGIN, self._top, row, size=13, bold=True)
            self._top += 6.2
        for line in below:
            for row in self._wrapped(line, _WIDTH - 2 * _MARGIN, _TEXT):
                self._write(_MARGIN, self._top, row, size=_TEXT)
                self._top += _LINE
        self._set_top(self._top + _GAP / 2)

    def warning(self, text: str) -> None:
        """Write what makes all below less certain, over the whole width."""
        self._write(_MARGIN, self._top, text, size=_HEADING, bold=True, colour=AMBER)
        self._set_top(self._top + _LINE + _GAP / 2)

    def column(self, column: int, sections: Sequence[Section]) -> None:
        """Write sections into a column, 0 or 1, one below the other; lines that have no room are counted.

        Each section has its first line before any has a second, and each its `least` before any has more.
        """
        written = [[self._in_column(line) for line in one.lines] for one in sections]
        for section, lines, kept in zip(
            sections, written, self._shares(column, sections, written), strict=True
        ):
            self._section(column, section, lines[:kept], len(lines) - kept)

    def fitting(self, column: int, lines: Sequence[str]) -> int:
        """Tell how many lines fit into one section of a column."""
        room = self.room_left(column) - _TITLE
        for number, line in enumerate(lines):
            room -= _LINE * len(self._in_column(line))
            if room < 0:
                return number
        return len(lines)

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

    def _section(
        self, column: int, section: Section, lines: Sequence[Sequence[str]], left_out: int
    ) -> None:
        x = _MARGIN + column * (_COLUMN + _GUTTER)
        self._pdf.set_fill_color(*_PALE)
        self._pdf.rect(x, self._tops[column], _COLUMN, _TITLE - 0.6, style="F")
        top = self._tops[column] + 0.5
        self._write(x + 1, top, section.title, size=_HEADING, bold=True, colour=section.colour)
        self._tops[column] += _TITLE
        for rows in lines:
            for number, row in enumerate(rows):
                self._write(x + 1 + 2 * (number > 0), self._tops[column], row, size=_TEXT)
                self._tops[column] += _LINE
        if left_out:
            more = f"… và {left_out} mục khác, xem trên màn hình"
            self._write(x + 1, self._tops[column], more, size=_SMALL, colour=GREY)
            self._tops[column] += _LINE
        self._tops[column] += _GAP

    def _shares(
        self, column: int, sections: Sequence[Section], written: Sequence[Sequence[Sequence[str]]]
    ) -> list[int]:
        """Tell how many lines of each section have room."""
        kept = [0] * len(sections)

        def height() -> float:
            rows = sum(
                len(row) for lines, n in zip(written, kept, strict=True) for row in lines[:n]
            )
            counted = sum(n < len(lines) for lines, n in zip(written, kept, strict=True))
            return len(sections) * (_TITLE + _GAP) + (rows + counted) * _LINE

        room = self.room_left(column)
        for limits in (
            [1] * len(sections),
            [s.least for s in sections],
            [s.most for s in sections],
        ):
            for place, lines in enumerate(written):
                while kept[place] < min(limits[place], len(lines)):
                    kept[place] += 1
                    if height() > room:
                        kept[place] -= 1
                        break
        return kept

    def _in_column(self, text: str) -> list[str]:
        return self._wrapped(text, _COLUMN - 3, _TEXT)

    def _wrapped(self, text: str, width: float, size: float, *, bold: bool = False) -> list[str]:
        self._font(size, bold=bold)
        rows = self._pdf.multi_cell(
            width, _LINE, text, dry_run=True, output=MethodReturnValue.LINES, align="L"
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
