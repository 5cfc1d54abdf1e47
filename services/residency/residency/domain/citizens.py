"""Citizens in their own affairs: who they are is what their token says."""

from chassis.errors import DomainError


class OwnNumberUnknownError(DomainError):
    """The token names no personal identification number, so nobody's affairs are the caller's."""

    reason = "OWN_NUMBER_UNKNOWN"
