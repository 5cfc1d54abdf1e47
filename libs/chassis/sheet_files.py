"""Files of whoever gives a command: a table to enter, and the report on what became of its rows."""

from pathlib import Path

_REPORT_IS_TABLE = (
    "báo cáo sẽ ghi đè lên chính bảng này / the report would overwrite this very table"
)


class TableRefusedError(Exception):
    """The file could not be used or not be entered; the text says why, in both languages."""


def read_table_file(file: Path, most_bytes: int) -> bytes:
    """Read a file, and of one that is too large a byte more than it may have; raises TableRefusedError."""
    try:
        with file.open("rb") as opened:
            return opened.read(most_bytes + 1)
    except OSError as error:
        raise TableRefusedError(
            f"{file}: không đọc được tệp / cannot be read ({error.strerror})"
        ) from error


def check_report(report_file: Path, table: Path) -> None:
    """Refuse a report that would take the table's place, or cannot be written: before anything is entered.

    Raises TableRefusedError.
    """
    try:
        if report_file.exists() and report_file.samefile(table):
            raise TableRefusedError(f"{report_file}: {_REPORT_IS_TABLE}")
        report_file.open("ab").close()
    except OSError as error:
        raise _cannot_write(report_file, error) from error


def write_file(file: Path, content: bytes, *, anew: bool = False) -> None:
    """Write a file; with `anew` only where there is none. Raises TableRefusedError."""
    try:
        with file.open("xb" if anew else "wb") as opened:
            opened.write(content)
    except FileExistsError as error:
        raise TableRefusedError(
            f"{file}: đã có tệp này, không ghi đè / is there already and was left as it is"
        ) from error
    except OSError as error:
        raise _cannot_write(file, error) from error


def _cannot_write(file: Path, error: OSError) -> TableRefusedError:
    return TableRefusedError(f"{file}: không ghi được tệp / cannot be written ({error.strerror})")
