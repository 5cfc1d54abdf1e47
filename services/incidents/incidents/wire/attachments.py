"""Photos and files: requests, checked field by field, and what is told of them."""

import unicodedata
from uuid import UUID

from chassis.context import Identity
from chassis.errors import FieldInvalidError, RoleNotAllowedError
from chassis.rules import Rule
from chassis.storage.idempotency import check_request_id, digest_of
from incidents.domain.attachments.attachment import (
    PART_BYTES,
    Attachment,
    AttachmentNotFoundError,
    AttachmentWanted,
    Kept,
    OfIncident,
    OfReport,
    Owner,
    Progress,
    ReceiptShown,
    UploadState,
)
from incidents.domain.attachments.media import saved_as
from incidents.wire.fields import plain_text, read_id
from incidents.wire.incidents import timestamp
from incidents.wire.reports import read_report_id
from ward.incidents.v1 import attachments_pb2 as pb
from ward.options.v1 import document_pb2

DUTY_OFFICER = "duty_officer"
_OFFICERS = frozenset({DUTY_OFFICER, "fire_officer", "responder"})
_NAME_MAX, _TOKEN_MAX, _SHA256_BYTES = 200, 64, 32
_NAMELESS = "tep-dinh-kem"
# What no file system takes, or what another would read as more than a name.
_NOT_IN_NAMES = frozenset('<>:"|?*\\/')


def read_begin(request: pb.BeginAttachmentRequest, caller: Identity) -> AttachmentWanted:
    """Read what begins; whoever shows a receipt has no account here. Raises RoleNotAllowedError."""
    check_request_id(request.request_id)
    if len(request.sha256) != _SHA256_BYTES:
        raise FieldInvalidError("sha256", Rule(f"{_SHA256_BYTES} byte", f"{_SHA256_BYTES} bytes"))
    owner = _begun_for(request, caller)
    return AttachmentWanted(
        owner=owner,
        account="" if isinstance(owner, ReceiptShown) else caller.account,
        request_id=request.request_id,
        digest=digest_of(request),
        file_name=clean_name(request.file_name),
        size=request.size_bytes,
        sha256=request.sha256,
    )


def read_attachment_id(attachment_id: str) -> UUID:
    """Read an attachment's id; one that cannot be ours is not found, like any other unknown one."""
    try:
        return UUID(attachment_id)
    except ValueError as error:
        raise AttachmentNotFoundError from error


def read_owner(request: pb.ListAttachmentsRequest, caller: Identity) -> Owner:
    """Read whose attachments are asked for; raises RoleNotAllowedError, or FieldInvalidError where nobody is named."""
    if request.WhichOneof("owner") == "report_id":
        _require(caller, frozenset({DUTY_OFFICER}), "ListAttachments")
        return OfReport(read_report_id(request.report_id))
    return OfIncident(read_id(_named(request.incident_id)))


def clean_name(told: str) -> str:
    """Make a name that is one on every system of what a file is said to be called."""
    name = unicodedata.normalize("NFC", told).replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        one
        for one in name
        # Controls, and marks that turn the direction of writing: `ảnh\u202egpj.exe` reads as ảnhexe.jpg.
        if one not in _NOT_IN_NAMES and not unicodedata.category(one).startswith("C")
    )
    return kept[:_NAME_MAX].strip(". ") or _NAMELESS


def progress_message(progress: Progress) -> pb.AttachmentProgress:
    """Write how far an upload is."""
    upload = progress.upload
    return pb.AttachmentProgress(
        attachment_id=str(upload.attachment_id),
        parts=upload.parts,
        part_bytes=PART_BYTES,
        missing=upload.missing,
        expires_at=timestamp(upload.expires_at),
        completed=upload.state is UploadState.KEPT,
    )


def kept_message(attachment_id: UUID, kept: Kept) -> pb.CompleteAttachmentResponse:
    """Write what was kept."""
    return pb.CompleteAttachmentResponse(
        attachment_id=str(attachment_id),
        media_type=kept.media_type,
        size_bytes=kept.size,
        sha256=kept.sha256,
    )


def attachment_message(attachment: Attachment) -> pb.Attachment:
    """Write an attachment without what it holds."""
    kept = attachment.kept
    return pb.Attachment(
        attachment_id=str(attachment.attachment_id),
        report_id="" if attachment.report_id is None else str(attachment.report_id),
        incident_id=str(attachment.incident_id),
        file_name=saved_as(attachment.file_name, kept.media_type),
        media_type=kept.media_type,
        size_bytes=kept.size,
        sha256=kept.sha256,
        sent_sha256=attachment.sent_sha256,
        kept_at=timestamp(attachment.kept_at),
        added_by=attachment.added_by,
    )


def document_message(attachment: Attachment, content: bytes) -> document_pb2.Document:
    """Write what an attachment holds, to be saved under its name."""
    media_type = attachment.kept.media_type
    return document_pb2.Document(
        media_type=media_type,
        content=content,
        file_name=saved_as(attachment.file_name, media_type),
    )


def _begun_for(request: pb.BeginAttachmentRequest, caller: Identity) -> Owner | ReceiptShown:
    owner = request.WhichOneof("owner")
    if owner == "receipt":
        shown = request.receipt
        return ReceiptShown(
            plain_text("receipt.number", shown.number, _TOKEN_MAX),
            plain_text("receipt.follow_up_token", shown.follow_up_token, _TOKEN_MAX),
        )
    if owner == "report_id":
        _require(caller, frozenset({DUTY_OFFICER}), "BeginAttachment")
        return OfReport(read_report_id(request.report_id))
    _require(caller, _OFFICERS, "BeginAttachment")
    return OfIncident(read_id(_named(request.incident_id)))


def _named(incident_id: str) -> str:
    if not incident_id:
        raise FieldInvalidError(
            "incident_id", Rule("thuộc về vụ việc hay tin báo nào", "what it belongs to")
        )
    return incident_id


def _require(caller: Identity, roles: frozenset[str], method: str) -> None:
    if not caller.roles & roles:
        raise RoleNotAllowedError(method=method)
