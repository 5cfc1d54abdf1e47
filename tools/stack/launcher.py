"""Becomes another program after tying its life to the parent's and giving up root.

Runs as a script of its own, before the program it becomes, because both can only be done in the
child, and Python code between fork and exec is unsafe in a parent that has threads.

Usage: launcher.py PARENT_PID DEATH_SIGNAL UID:GID|- PROGRAM [ARGUMENT...]
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PRIVATE_FILES = 0o077


def become(parent: int, death_signal: int, account: str, command: list[str]) -> None:
    """Replace this process with the command; return never, or only when the parent is gone."""
    os.umask(PRIVATE_FILES)
    if account != "-":
        uid, gid = (int(part) for part in account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After setuid, which clears the wish to be told of the parent's death.
    _follow_parent(death_signal)
    if os.getppid() == parent:
        os.execv(command[0], command)  # noqa: S606  # no shell is what we want


def _follow_parent(death_signal: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal)


if __name__ == "__main__":
    become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
