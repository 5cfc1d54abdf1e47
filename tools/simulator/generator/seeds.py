"""Everything random or unique in a ward follows from one number."""

import uuid
from dataclasses import dataclass
from random import Random

# Sets the ids of synthetic wards apart from those of everything else.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:ward:11002:synthetic")


@dataclass(frozen=True)
class Seed:
    """The number a ward is grown from; equal seeds give equal wards, byte for byte."""

    value: int

    def random(self, name: str) -> Random:
        """Return a generator of its own for each name, so that one topic never shifts another."""
        # Invented data must be repeatable; nothing secret is drawn from it.
        return Random(f"{self.value}/{name}")  # noqa: S311

    def uuid(self, kind: str, number: int | str) -> str:
        """Return the id of the numbered thing of that kind."""
        return str(uuid.uuid5(NAMESPACE, f"{self.value}/{kind}/{number}"))


def chance(rng: Random, share: float) -> bool:
    """Draw yes or no, yes in that share of the draws."""
    return rng.random() < share
