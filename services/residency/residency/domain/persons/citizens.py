"""Citizens in their own affairs: who they are is what their token says."""

from dataclasses import dataclass

from chassis.errors import DomainError


@dataclass(frozen=True)
class Citizen:
    """Who acts in their own affairs: the blind index of the number of their token, and their account."""

    number_index: bytes
    account: str


class OwnNumberUnknownError(DomainError):
    """The token names no personal identification number, so nobody's affairs are the caller's."""

    reason = "OWN_NUMBER_UNKNOWN"
