"""Where a case stands, what can be done with it, how it came in, and what is known of its identities."""

from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    SUPPLEMENT_REQUESTED = "SUPPLEMENT_REQUESTED"
    ACCEPTED = "ACCEPTED"
    VERIFYING = "VERIFYING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"
    RECORDED = "RECORDED"
    WITHDRAWN = "WITHDRAWN"
    CANCELLED = "CANCELLED"


# Neither decided nor taken back: what officers still have to do something about.
OPEN_STATES = frozenset(
    {
        CaseState.SUBMITTED,
        CaseState.SUPPLEMENT_REQUESTED,
        CaseState.ACCEPTED,
        CaseState.VERIFYING,
        CaseState.APPROVED,
    }
)


class CaseAct(StrEnum):
    """What can be done with a case."""

    CREATE = "CREATE"
    SUBMIT = "SUBMIT"
    REQUEST_SUPPLEMENT = "REQUEST_SUPPLEMENT"
    SUPPLEMENT = "SUPPLEMENT"
    ACCEPT = "ACCEPT"
    VERIFY = "VERIFY"
    SEE_ORIGINAL = "SEE_ORIGINAL"
    IDENTITY_ANSWERED = "IDENTITY_ANSWERED"
    APPROVE = "APPROVE"
    RECORD = "RECORD"
    REFUSE = "REFUSE"
    WITHDRAW = "WITHDRAW"
    CANCEL = "CANCEL"


class CaseChannel(StrEnum):
    """How a case came in."""

    ELECTRONIC = "ELECTRONIC"
    COUNTER = "COUNTER"


class IdentityCheck(StrEnum):
    """What is known of the declared identities."""

    NOT_ASKED = "NOT_ASKED"
    PENDING = "PENDING"
    MATCH = "MATCH"
    MISMATCH = "MISMATCH"
    NOT_FOUND = "NOT_FOUND"
    ORIGINAL_SEEN = "ORIGINAL_SEEN"


class RefusalGround(StrEnum):
    """Why a case is refused."""

    NOT_ELIGIBLE = "NOT_ELIGIBLE"
    UNLAWFUL_DWELLING = "UNLAWFUL_DWELLING"
    IDENTITY_NOT_CONFIRMED = "IDENTITY_NOT_CONFIRMED"
    NOT_SUPPLEMENTED = "NOT_SUPPLEMENTED"
    FALSE_DECLARATION = "FALSE_DECLARATION"
    OTHER = "OTHER"
