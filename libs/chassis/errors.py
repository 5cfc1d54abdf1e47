"""The vocabulary of expected errors.

A domain error names a reason of `ward.errors.v1.ErrorReason` (without its prefix); what it means over gRPC and
to people stands there. A test compares the two, so a reason cannot be misspelled.
"""

from collections.abc import Mapping
from math import ceil
from typing import ClassVar, NamedTuple

from chassis.rules import Rule

_MINUTES_UNTIL_HOURS = 120


class Words(NamedTuple):
    """How a value of metadata is said to people, within the sentence of its error."""

    vi: str
    en: str


# By the name of the metadata and by its value.
Vocabulary = Mapping[str, Mapping[str, Words]]


class DomainError(Exception):
    """An expected error: the caller is told its reason and metadata, never more.

    `metadata` goes to the caller, so it must hold no personal data. Programs read it as it is; where its values are
    names of the contract, `vocabulary` has the words for them.
    """

    reason: ClassVar[str]
    vocabulary: ClassVar[Vocabulary] = {}

    def __init__(self, **metadata: str) -> None:
        super().__init__(self.reason)
        self.metadata = metadata

    def words(self) -> Mapping[str, Words]:
        """Say each value of the metadata to people; what the vocabulary lacks is said as it is."""
        return {
            name: self.vocabulary.get(name, {}).get(value, Words(value, value))
            for name, value in self.metadata.items()
        }


class FieldInvalidError(DomainError):
    """A field has a value the contract does not allow; `field` is its path and `rule` what is allowed."""

    reason = "FIELD_INVALID"

    def __init__(self, field: str, rule: Rule) -> None:
        super().__init__(field=field)
        self.rule = rule


class UnknownFieldError(DomainError):
    """The request has a field that the contract does not know."""

    reason = "UNKNOWN_FIELD"


class MalformedRequestError(DomainError):
    """The request cannot be parsed."""

    reason = "MALFORMED_REQUEST"


class PurposeRequiredError(DomainError):
    """Personal data was asked for without a purpose and a reference."""

    reason = "PURPOSE_REQUIRED"


class TokenMissingError(DomainError):
    """The call carries no access token."""

    reason = "TOKEN_MISSING"


class TokenInvalidError(DomainError):
    """The access token does not come from the issuer, or not for this audience, or was altered."""

    reason = "TOKEN_INVALID"


class TokenExpiredError(DomainError):
    """The access token was good once."""

    reason = "TOKEN_EXPIRED"


class RoleNotAllowedError(DomainError):
    """None of the caller's roles may call the method."""

    reason = "ROLE_NOT_ALLOWED"


class AssuranceTooLowError(DomainError):
    """A citizen signed in with an electronic identity of a lower level than the method needs."""

    reason = "ASSURANCE_TOO_LOW"


class PageTokenInvalidError(DomainError):
    """The page token was not made by this list."""

    reason = "PAGE_TOKEN_INVALID"


class PageTokenOfAnotherListError(DomainError):
    """The page token was made for another filter, another caller or another list."""

    reason = "PAGE_TOKEN_OF_ANOTHER_LIST"


class ResumeTokenInvalidError(DomainError):
    """The resume token was not made by this stream."""

    reason = "RESUME_TOKEN_INVALID"


class ResumeTokenExpiredError(DomainError):
    """Events after the resume token are no longer kept."""

    reason = "RESUME_TOKEN_EXPIRED"


class RequestIdReusedError(DomainError):
    """The idempotency key stands for another request already."""

    reason = "REQUEST_ID_REUSED"


class LimitReachedError(DomainError):
    """The caller has asked for more than it may in a time; `retry_after_s` is how long to wait, in seconds.

    People are told it in whole minutes, or in hours from two on, rounded up so that nobody comes too early.
    """

    reason = "LIMIT_REACHED"

    def __init__(self, retry_after_s: int, **metadata: str) -> None:
        super().__init__(retry_after_s=str(retry_after_s), **metadata)
        self.retry_after_s = retry_after_s

    def words(self) -> Mapping[str, Words]:
        """Say how long to wait in minutes or hours."""
        return {**super().words(), "retry_after_s": _duration(self.retry_after_s)}


def _duration(seconds: int) -> Words:
    minutes = max(1, ceil(seconds / 60))
    if minutes >= _MINUTES_UNTIL_HOURS:
        hours = ceil(minutes / 60)
        return Words(f"{hours} giờ", f"{hours} hours")
    return Words(f"{minutes} phút", "1 minute" if minutes == 1 else f"{minutes} minutes")


class DatabaseUnavailableError(DomainError):
    """The database cannot be reached; nothing was changed. `vi` and `en` say so to whoever runs a command."""

    reason = "DATABASE_UNAVAILABLE"
    vi = "Không kết nối được cơ sở dữ liệu"
    en = "The database is away"

    @property
    def said(self) -> str:
        """Say it in both languages, in one line."""
        return f"{self.vi} / {self.en}."


class DatabaseRefusedError(DatabaseUnavailableError):
    """The database is there and lets nobody in: whoever set it up mends that, and no network."""

    vi = "Cơ sở dữ liệu từ chối tên người dùng, mật khẩu hoặc tên cơ sở dữ liệu"
    en = "The database refuses the user, the password or the database's name"


class DatabaseTooSlowError(DatabaseUnavailableError):
    """The database is there and cancelled a statement that took longer than any may; nothing was changed."""

    reason = "DATABASE_TOO_SLOW"
    vi = "Cơ sở dữ liệu đã hủy một lệnh vì chạy quá lâu; chưa có gì thay đổi"
    en = "The database cancelled a statement that took too long; nothing was changed"


class BrokerUnavailableError(DomainError):
    """The event broker cannot be reached."""

    reason = "BROKER_UNAVAILABLE"


class ServiceUnavailableError(DomainError):
    """Another service cannot be reached or did not answer in time."""

    reason = "SERVICE_UNAVAILABLE"


class InternalError(DomainError):
    """Something unexpected, logged where it happened; the caller learns no detail."""

    reason = "INTERNAL"


class InvalidMessageError(Exception):
    """A message that no retry can make good; it goes to the dead-letter stream with `reason`.

    `reason` is a short token such as `not_protobuf`: it becomes a header and a metric label.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CannotListenError(Exception):
    """A server cannot have the address it was told to listen at; another program may have it."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Không lắng nghe được ở {address}: địa chỉ không phải của máy này hoặc cổng đang bị chương trình khác dùng"
            f" / Cannot listen at {address}: it is no address of this machine, or another program has the port."
        )
