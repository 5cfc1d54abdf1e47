"""Where PostgreSQL lives and as whom: it refuses root, so root must lend it another account."""

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stack.child_process import Account
from stack.errors import StackError

UNPRIVILEGED = "nobody"
STATE = Path("/var/lib/safe-digital-ward")
PASSABLE = 0o711


class NoAccountError(StackError):
    """Root has nobody to run PostgreSQL as."""

    def __init__(self) -> None:
        super().__init__(
            f"PostgreSQL không chạy bằng root và máy này không có người dùng {UNPRIVILEGED}: "
            "hãy chạy lại bằng một người dùng thường.",
            f"PostgreSQL refuses root and this machine has no user {UNPRIVILEGED}: "
            "run this again as an ordinary user.",
        )


class NamelessUserError(StackError):
    """We run as a number without a name, which PostgreSQL does not accept."""

    def __init__(self, uid: int) -> None:
        super().__init__(
            f"Người dùng số {uid} không có tên trong /etc/passwd nên PostgreSQL không chạy: "
            "hãy thêm tên hoặc chạy bằng người dùng khác.",
            f"User number {uid} has no name in /etc/passwd, which PostgreSQL needs: "
            "add one or run as another user.",
        )


class ForeignDataError(StackError):
    """The data belong to another user, because an earlier run was root's or somebody else's."""

    def __init__(self, data: Path, owner: int) -> None:
        super().__init__(
            f"Dữ liệu ở {data} thuộc người dùng số {owner}: hãy chạy bằng người dùng đó "
            "hoặc root, hoặc chọn --run-dir khác.",
            f"The data in {data} belong to user number {owner}: run as that user or as root, "
            "or choose another --run-dir.",
        )


class NoHomeError(StackError):
    """Root's run directory cannot be entered by PostgreSQL's account, nor can another be made."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(
            f"Người dùng {UNPRIVILEGED} không vào được {run_dir} và không tạo được "
            f"{STATE}: hãy chọn --run-dir ở nơi mọi người dùng vào được.",
            f"User {UNPRIVILEGED} cannot enter {run_dir} and {STATE} cannot be made: "
            "choose a --run-dir that every user may enter.",
        )


@dataclass(frozen=True)
class Home:
    """The directory that holds PostgreSQL's data, and the account that owns them."""

    directory: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.directory / "data"

    def give(self, path: Path) -> None:
        """Make the account the owner of the path; nothing to do unless we are root."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def prepare(run_dir: Path) -> Home:
    """Make the home of PostgreSQL below the run directory and say who owns its data.

    Root's run directory may lie where no other account can enter, such as root's own home: then
    the data live elsewhere, and the run directory holds a link to them.
    """
    directory = run_dir / "postgres"
    account = _account(directory / "data")
    run_dir.mkdir(parents=True, exist_ok=True)
    if not directory.exists():
        directory.unlink(missing_ok=True)
        if account is None or may_enter(account, run_dir):
            directory.mkdir()
        else:
            directory.symlink_to(_place_apart(run_dir), target_is_directory=True)
    if account is not None:
        directory.resolve().chmod(PASSABLE)
    return Home(directory.resolve(), account)


def discard(run_dir: Path) -> None:
    """Remove PostgreSQL's home with its data; only right when no server works in it."""
    directory = run_dir / "postgres"
    if directory.exists():
        shutil.rmtree(directory.resolve())
    if directory.is_symlink():
        directory.unlink()


def may_enter(account: Account, directory: Path) -> bool:
    """Say whether the account may pass through the directory and all above it."""
    return all(
        _passes(account, part) for part in (directory.resolve(), *directory.resolve().parents)
    )


def _passes(account: Account, directory: Path) -> bool:
    status = directory.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _account(data: Path) -> Account | None:
    owner = data.stat().st_uid if data.exists() else None
    ours = os.geteuid()
    if ours == 0:
        return _lent_account(owner)
    if owner not in (None, ours):
        raise ForeignDataError(data, owner or 0)
    try:
        pwd.getpwuid(ours)
    except KeyError:
        raise NamelessUserError(ours) from None
    return None


def _lent_account(owner: int | None) -> Account:
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise NoAccountError from None
    return Account(entry.pw_uid, entry.pw_gid)


def _place_apart(run_dir: Path) -> Path:
    temporary = Path(tempfile.gettempdir())
    parent = temporary if run_dir.is_relative_to(temporary) else STATE
    try:
        parent.mkdir(mode=PASSABLE, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix="ward-postgres-", dir=parent))
    except OSError:
        raise NoHomeError(run_dir) from None
