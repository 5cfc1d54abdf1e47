"""Archives, unpacked into one folder whatever they say.

Python has filters for that (PEP 706) since 3.11.4; Debian 12 comes with 3.11.2.
"""

import os
import tarfile
from collections.abc import Collection
from pathlib import Path

from stack.errors import StackError

_GROUP_WRITES_NOT = 0o755
_OWNER_READS_AND_WRITES = 0o600


class UnsafeArchiveError(StackError):
    """An archive has what is neither a folder nor a plain file of the place where it is unpacked."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Tệp lưu trữ không an toàn, không mở ra: {name}",
            f"The archive is not safe and was not unpacked: {name}",
        )


def unpack(archive: Path, place: Path, keep_owners_of: Collection[str] = ()) -> None:
    """Unpack folders and plain files below a folder; raises UnsafeArchiveError, before anything is written.

    All are given to whoever unpacks; what lies in the folders named last, to the users that it belonged to, by number:
    the user of a container has no name here, or is somebody else by it.
    """
    with tarfile.open(archive) as files:
        members = files.getmembers()
        for member in members:
            _require_safe(member, place)
            if member.name.split("/")[0] not in keep_owners_of:
                member.uid, member.gid = os.getuid(), os.getgid()
            member.mode = (member.mode | _OWNER_READS_AND_WRITES) & _GROUP_WRITES_NOT
        # They are made safe above: a Python that has filters is to leave them as they are.
        files.extraction_filter = lambda member, _: member
        files.extractall(place, members, numeric_owner=True)  # noqa: S202


def _require_safe(member: tarfile.TarInfo, place: Path) -> None:
    inside = (place / member.name).resolve().is_relative_to(place.resolve())
    if not inside or not (member.isfile() or member.isdir()):
        raise UnsafeArchiveError(member.name)
