"""Where Prometheus comes from, and that its absence is told and never skipped."""

from pathlib import Path

import pytest

from monitoring.programs import ProgramMissingError, data_of, program
from monitoring.settings import Settings


def test_what_is_missing_is_told_in_both_languages(tmp_path: Path) -> None:
    """A folder that does not hold the program is an error, and nothing else is tried."""
    with pytest.raises(ProgramMissingError, match=r"Thiếu prometheus .* are missing"):
        program("promtool", Settings(prometheus_home=tmp_path))


def test_what_is_on_the_path_is_taken(tmp_path: Path) -> None:
    """Before anything is fetched."""
    file = tmp_path / "promtool"
    file.write_text("")
    file.chmod(0o755)

    assert program("promtool", Settings(path=str(tmp_path))) == file


def test_a_member_is_found_in_an_archive() -> None:
    """Behind a member of odd length, which is followed by a filling byte."""
    made = b"!<arch>\n"
    for name, data in ((b"debian-binary", b"2.0"), (b"data.tar.xz", b"inside")):
        made += name.ljust(48) + str(len(data)).encode().ljust(10) + b"`\n" + data
        made += b"\n" * (len(data) % 2)

    assert data_of(made) == b"inside"
    with pytest.raises(ProgramMissingError):
        data_of(b"!<arch>\n")
