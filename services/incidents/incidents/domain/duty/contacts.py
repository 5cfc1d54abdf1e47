"""How the ways to reach officers are kept: sealed, each bound to its account."""

import json

from chassis.sealing import Seal
from incidents.domain.duty.roster import Contact, ContactChannel


class ContactSeal:
    """Seals the contacts of officers."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def seal(self, contacts: tuple[Contact, ...], account: str) -> bytes:
        """Encrypt them; in the row of another account they do not open."""
        written = json.dumps([[one.channel, one.address] for one in contacts]).encode()
        return self._seal.seal(written, _place(account))

    def open(self, sealed: bytes, account: str) -> tuple[Contact, ...]:
        """Decrypt them; raises UnknownKeyError, or InvalidTag if they were altered or moved."""
        told = json.loads(self._seal.open(sealed, _place(account)))
        return tuple(Contact(ContactChannel(channel), address) for channel, address in told)


def _place(account: str) -> bytes:
    return b"contacts\0" + account.encode()
