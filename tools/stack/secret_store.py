"""Secrets of this installation: each made once, kept in a file only its owner can read."""

import base64
import os
import secrets
from pathlib import Path

PASSWORD_BYTES = 24
KEY_BYTES = 32


class SecretStore:
    """A directory (0700) of secrets, one file (0600) each; a secret never changes once made."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def password(self, name: str) -> str:
        """Return the password of that name, which needs no quoting in a URL."""
        return self._keep(name, secrets.token_urlsafe(PASSWORD_BYTES))

    def key(self, name: str) -> str:
        """Return the symmetric key of that name: 32 random bytes in base64."""
        return self._keep(name, base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())

    def _keep(self, name: str, fresh: str) -> str:
        path = self._directory / name
        if not path.exists():
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(path, fresh)
        return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner only, and durably."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
