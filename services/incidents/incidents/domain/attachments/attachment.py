"""Photos and files of reports and incidents: what is sent, in which parts, and what is kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.errors import DomainError, FieldInvalidError
from chassis.rules import between
from incidents.domain.attachments.media import IMAGES

# One part as JSON (base64) passes in the ten seconds that a request may take at 70 kbit/s.
PART_BYTES = 64 * 1024


class AttachmentNotFoundError(DomainError):
    """No attachment has this id, or not for whoever asks, or its upload took too long."""

    reason = "ATTACHMENT_NOT_FOUND"


class AttachmentEmptyError(DomainError):
    """The file has no bytes."""

    reason = "ATTACHMENT_EMPTY"


class AttachmentTooLargeError(DomainError):
    """The file is larger than its type may be."""

    reason = "ATTACHMENT_TOO_LARGE"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(most_bytes=str(most_bytes))


class AttachmentTooManyError(DomainError):
    """What it would belong to has as many as it may have."""

    reason = "ATTACHMENT_TOO_MANY"

    def __init__(self, most: int) -> None:
        super().__init__(most=str(most))


class AttachmentPartInvalidError(DomainError):
    """The part is not as long as it must be."""

    reason = "ATTACHMENT_PART_INVALID"

    def __init__(self, part: int, length: int) -> None:
        super().__init__(part=str(part), bytes=str(length))


class AttachmentIncompleteError(DomainError):
    """Some parts have not come."""

    reason = "ATTACHMENT_INCOMPLETE"

    def __init__(self, missing: Collection[int]) -> None:
        super().__init__(missing=", ".join(map(str, sorted(missing))))


class AttachmentDamagedError(DomainError):
    """What came is not what was said when the upload began."""

    reason = "ATTACHMENT_DAMAGED"


class AttachmentRefusedError(DomainError):
    """What came is of no allowed type, broken, or two things at once."""

    reason = "ATTACHMENT_REFUSED"

    def __init__(self, allowed: Collection[str]) -> None:
        super().__init__(allowed=", ".join(sorted(allowed)))


class UploadState(StrEnum):
    """What became of an upload."""

    UPLOADING = "UPLOADING"
    KEPT = "KEPT"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class ReceiptShown:
    """A report, by number and token of its receipt."""

    number: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class OfReport:
    """A report, by its id."""

    report_id: UUID


@dataclass(frozen=True)
class OfIncident:
    """An incident, by its id."""

    incident_id: UUID


Owner = OfReport | OfIncident


@dataclass(frozen=True)
class Rules:
    """What may be added on some day: the most bytes of each type, how many, for how long, and how large photos are.

    `upload_hours` is how long an upload may take, `idle_minutes` how long it may stand still where its place is wanted,
    `pixels` the most that a photo may have.
    """

    types: Mapping[str, int]
    of_report: int
    of_incident: int
    upload_hours: int
    idle_minutes: int
    pixels: int

    def of_tips(self) -> "Rules":
        """Give those for an anonymous tip: photos only, which are written anew.

        Any other file keeps what its author's program wrote into it, as the author's name.
        """
        photos = {one: most for one, most in self.types.items() if one in IMAGES}
        return replace(self, types=photos)

    def most_of(self, owner: Owner) -> int:
        """Tell how many attachments something may have."""
        return self.of_report if isinstance(owner, OfReport) else self.of_incident

    def check_size(self, size: int) -> None:
        """Raise AttachmentEmptyError, or AttachmentTooLargeError for what no type allows."""
        if size == 0:
            raise AttachmentEmptyError
        most = max(self.types.values(), default=0)
        if size > most:
            raise AttachmentTooLargeError(most)


@dataclass(frozen=True)
class AttachmentWanted:
    """An upload as it begins; `account` is empty for whoever shows a receipt: it stands nowhere."""

    owner: Owner | ReceiptShown
    account: str
    request_id: str
    digest: bytes
    file_name: str = field(repr=False)
    size: int
    sha256: bytes


@dataclass(frozen=True)
class Upload:
    """A file that is on its way, or was: `size` in bytes and `sha256` as said when it began."""

    attachment_id: UUID
    owner: Owner
    added_by: str
    state: UploadState
    size: int
    sha256: bytes
    expires_at: datetime
    present: frozenset[int] = frozenset()

    @property
    def parts(self) -> int:
        """Tell how many parts it has."""
        return -(-self.size // PART_BYTES)

    @property
    def missing(self) -> tuple[int, ...]:
        """Number the parts that have not come."""
        if self.state is not UploadState.UPLOADING:
            return ()
        return tuple(sorted(set(range(1, self.parts + 1)) - self.present))

    @property
    def part_names(self) -> tuple[str, ...]:
        """Name its parts in the store, in order."""
        return tuple(part_name(self.attachment_id, one) for one in range(1, self.parts + 1))

    def check_part(self, number: int, content: bytes) -> None:
        """Raise FieldInvalidError unless the part is one of its own, AttachmentPartInvalidError for another length."""
        if not 1 <= number <= self.parts:
            raise FieldInvalidError("number", between(1, self.parts))
        length = PART_BYTES
        if number == self.parts:
            length = self.size - PART_BYTES * (self.parts - 1)
        if len(content) != length:
            raise AttachmentPartInvalidError(number, length)

    def with_part(self, number: int) -> "Upload":
        """Give it after a part has come."""
        return replace(self, present=self.present | {number})


@dataclass(frozen=True)
class Progress:
    """An upload and the token of who has begun it."""

    upload: Upload
    token: str = field(repr=False)


@dataclass(frozen=True)
class Kept:
    """What was kept of an upload: as judged, how long in bytes, and its SHA-256."""

    media_type: str
    size: int
    sha256: bytes


@dataclass(frozen=True)
class Attachment:
    """A photo or file that is kept; `report_id` is None where it belongs to the incident itself."""

    attachment_id: UUID
    report_id: UUID | None
    report_number: str
    incident_id: UUID
    file_name: str = field(repr=False)
    kept: Kept
    sent_sha256: bytes
    kept_at: datetime
    added_by: str


def part_name(attachment_id: UUID, number: int) -> str:
    """Name a part in the store."""
    return f"{attachment_id}.{number}"


def kept_name(attachment_id: UUID) -> str:
    """Name what is kept, in the store."""
    return f"{attachment_id}.kept"


def attachment_of(name: str) -> UUID:
    """Tell to which attachment an object of the store belongs."""
    return UUID(name.partition(".")[0])
