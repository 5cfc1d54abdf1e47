"""Archives are unpacked into one folder, with every Python that the platform runs on."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from stack.archives import UnsafeArchiveError, unpack


def archive(place: Path, *members: tarfile.TarInfo) -> Path:
    """Write an archive whose files say where they are."""
    with tarfile.open(place / "some.tar.gz", "w:gz") as written:
        for member in members:
            content = member.name.encode() if member.isfile() else b""
            member.size = len(content)
            written.addfile(member, io.BytesIO(content))
    return place / "some.tar.gz"


def member(name: str, kind: bytes = tarfile.REGTYPE, mode: int = 0o644) -> tarfile.TarInfo:
    """Describe a file of an archive that belongs to nobody here."""
    made = tarfile.TarInfo(name)
    made.type, made.mode, made.uid, made.gid, made.linkname = kind, mode, 10001, 10001, "/etc"
    return made


def test_files_come_with_what_they_had(tmp_path: Path) -> None:
    """Below the folder, readable for whoever unpacks, and for the others to read at most."""
    packed = archive(
        tmp_path,
        member("a", tarfile.DIRTYPE, 0o700),
        member("a/b", mode=0o6777),
        member("c", mode=0),
    )

    unpack(packed, tmp_path / "here")

    assert (tmp_path / "here" / "a" / "b").read_text() == "a/b"
    modes = {
        name: (tmp_path / "here" / name).stat().st_mode & 0o7777 for name in ("a", "a/b", "c")
    }
    assert modes == {"a": 0o700, "a/b": 0o755, "c": 0o600}


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files to others")
def test_owners_are_kept_where_that_is_asked(tmp_path: Path) -> None:
    """By number, and nowhere else."""
    packed = archive(tmp_path, member("photos/a"), member("secrets/b"))

    unpack(packed, tmp_path / "here", keep_owners_of={"photos"})

    assert (tmp_path / "here" / "photos" / "a").stat().st_uid == 10001
    assert (tmp_path / "here" / "secrets" / "b").stat().st_uid == 0


@pytest.mark.parametrize(
    "hostile",
    [
        member("../outside"),
        member("a/../../outside"),
        member("/tmp/outside"),  # noqa: S108 - nothing is written there
        member("link", tarfile.SYMTYPE),
        member("link", tarfile.LNKTYPE),
        member("pipe", tarfile.FIFOTYPE),
        member("device", tarfile.CHRTYPE),
    ],
    ids=lambda one: f"{one.name}-{one.type.decode()}",
)
def test_nothing_is_written_of_an_archive_that_would_leave_its_folder(
    tmp_path: Path, hostile: tarfile.TarInfo
) -> None:
    """What came before the hostile file is not either."""
    packed = archive(tmp_path, member("sound"), hostile)

    with pytest.raises(UnsafeArchiveError):
        unpack(packed, tmp_path / "here")

    assert not (tmp_path / "here").exists()
