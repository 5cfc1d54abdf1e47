"""Where a case stands, what can be done with it, how it came in, and what is known of its identities."""

from collections.abc import Mapping
from enum import StrEnum

from chassis.errors import Words


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


# The same without what waits for the citizen.
WITH_OFFICERS = OPEN_STATES - {CaseState.SUPPLEMENT_REQUESTED}


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


STATE_WORDS: Mapping[str, Words] = {
    CaseState.DRAFT: Words("đang soạn", "a draft"),
    CaseState.SUBMITTED: Words("đã nộp", "handed in"),
    CaseState.SUPPLEMENT_REQUESTED: Words("chờ bổ sung", "waiting for a supplement"),
    CaseState.ACCEPTED: Words("đã tiếp nhận", "accepted"),
    CaseState.VERIFYING: Words("đang xác minh", "being verified"),
    CaseState.APPROVED: Words("đã duyệt", "approved"),
    CaseState.REFUSED: Words("bị từ chối", "refused"),
    CaseState.RECORDED: Words("đã ghi vào sổ", "entered into the register"),
    CaseState.WITHDRAWN: Words("đã rút", "withdrawn"),
    CaseState.CANCELLED: Words("đã hủy", "annulled"),
}
ACT_WORDS: Mapping[str, Words] = {
    CaseAct.CREATE: Words("lập hồ sơ", "make it"),
    CaseAct.SUBMIT: Words("nộp", "hand it in"),
    CaseAct.REQUEST_SUPPLEMENT: Words("yêu cầu bổ sung", "ask for a supplement"),
    CaseAct.SUPPLEMENT: Words("bổ sung", "supplement it"),
    CaseAct.ACCEPT: Words("tiếp nhận", "accept it"),
    CaseAct.VERIFY: Words("xác minh", "verify it"),
    CaseAct.SEE_ORIGINAL: Words("ghi nhận đã xem bản gốc", "note that the originals were shown"),
    CaseAct.IDENTITY_ANSWERED: Words(
        "nhận kết quả xác minh danh tính", "take an answer about the identities"
    ),
    CaseAct.APPROVE: Words("duyệt", "approve it"),
    CaseAct.RECORD: Words("ghi vào sổ", "enter it into the register"),
    CaseAct.REFUSE: Words("từ chối", "refuse it"),
    CaseAct.WITHDRAW: Words("rút", "withdraw it"),
    CaseAct.CANCEL: Words(
        "hủy mục đã ghi vào sổ (xóa đăng ký, tách hộ hoặc sửa thông tin cần hồ sơ mới)",
        "annul what it entered (a deregistration, a split or a change needs another case)",
    ),
}


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
