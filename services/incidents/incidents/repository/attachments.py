"""Photos and files: uploads begun, their parts noted, what is kept of them, and forgotten."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.attachments.attachment import (
    AttachmentNotFoundError,
    AttachmentTooManyError,
    Kept,
    OfIncident,
    OfReport,
    Owner,
    ReceiptShown,
    Rules,
    Upload,
    UploadState,
)
from incidents.domain.reports.report import ReportNotFoundError
from incidents.domain.reports.sealing import token_hash
from incidents.domain.rules.kinds import IncidentKind
from incidents.repository.limits import in_force

_LIMITS = {
    "of_report": "attachments_of_report",
    "of_incident": "attachments_of_incident",
    "upload_hours": "attachment_upload",
    "idle_minutes": "attachment_idle",
    "pixels": "attachment_pixels",
}
_RETENTION = "attachment_retention"


async def rules_on(tx: Transaction, day: date) -> Rules:
    """Load what may be added on a day."""
    columns = tables.attachment_types.c
    newest = (
        select(columns.media_type, columns.most_bytes)
        .where(columns.effective_from <= day)
        .order_by(columns.media_type, columns.effective_from.desc())
        .ext(distinct_on(columns.media_type))
    )
    types = {row.media_type: row.most_bytes for row in await tx.execute(newest) if row.most_bytes}
    limits = (
        await tx.execute(
            select(*(in_force(rule, day).label(name) for name, rule in _LIMITS.items()))
        )
    ).one()
    return Rules(
        types=types,
        of_report=limits.of_report,
        of_incident=limits.of_incident,
        upload_hours=limits.upload_hours,
        idle_minutes=limits.idle_minutes,
        pixels=limits.pixels,
    )


async def rules_for(tx: Transaction, owner: Owner, day: date) -> Rules:
    """Load what may be added on a day to what an upload belongs to."""
    rules, columns = await rules_on(tx, day), tables.reports.c
    if isinstance(owner, OfReport):
        kind = await tx.scalar(select(columns.kind).where(columns.report_id == owner.report_id))
        if kind == IncidentKind.ANONYMOUS_TIP:
            return rules.of_tips()
    return rules


async def lock_report(tx: Transaction, shown: ReceiptShown | OfReport, ward_code: str) -> OfReport:
    """Find a report whose content is kept, and have others who add to it wait; raises ReportNotFoundError."""
    columns = tables.reports.c
    wanted = select(columns.report_id).where(columns.forgotten_at.is_(None)).with_for_update()
    if isinstance(shown, OfReport):
        wanted = wanted.where(columns.report_id == shown.report_id)
    else:
        wanted = wanted.where(
            columns.ward_code == ward_code,
            columns.number == shown.number,
            columns.token_hash == token_hash(shown.token),
        )
    report_id = await tx.scalar(wanted)
    if report_id is None:
        raise ReportNotFoundError
    return OfReport(report_id)


async def make_room(tx: Transaction, owner: Owner, rules: Rules, now: datetime) -> Upload | None:
    """Have something that is locked take one more; where it is full, forget and tell what stood still longest.

    Raises AttachmentTooManyError where none has stood still for long enough.
    """
    columns, most = tables.attachments.c, rules.most_of(owner)
    on_its_way = (columns.state == UploadState.UPLOADING) & (columns.expires_at > now)
    counted = select(func.count()).where(
        _of(owner), or_(columns.state == UploadState.KEPT, on_its_way)
    )
    count = (await tx.scalars(counted)).one()
    if count < most:
        return None
    # What somebody completes right now is locked, and passed over.
    idle = (
        select(columns.attachment_id)
        .where(_of(owner), on_its_way)
        .where(columns.active_at <= now - timedelta(minutes=rules.idle_minutes))
        .order_by(columns.active_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    longest = await tx.scalar(idle)
    if longest is None or count > most:
        raise AttachmentTooManyError(most)
    upload = await load_upload(tx, longest, now)
    await tx.execute(delete(tables.attachments).where(columns.attachment_id == longest))
    return upload


async def add_upload(tx: Transaction, upload: Upload, sealed_name: bytes, now: datetime) -> None:
    """Store an upload that begins."""
    await tx.execute(
        insert(tables.attachments).values(
            attachment_id=upload.attachment_id,
            **vars(upload.owner),
            added_by=upload.added_by,
            state=upload.state,
            file_name_sealed=sealed_name,
            size=upload.size,
            sha256=upload.sha256,
            begun_at=now,
            expires_at=upload.expires_at,
            active_at=now,
        )
    )


async def load_upload(
    tx: Transaction, attachment_id: UUID, now: datetime, *, lock: bool = False
) -> Upload:
    """Load an upload that is kept, refused, or can still be completed; raises AttachmentNotFoundError.

    Locked, nobody else can keep or refuse it until the transaction ends.
    """
    columns, parts = tables.attachments.c, tables.attachment_parts.c
    wanted = select(tables.attachments).where(
        columns.attachment_id == attachment_id,
        or_(columns.state != UploadState.UPLOADING, columns.expires_at > now),
    )
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        raise AttachmentNotFoundError
    present = await tx.scalars(select(parts.number).where(parts.attachment_id == attachment_id))
    return Upload(
        attachment_id=attachment_id,
        owner=_owner_of(row),
        added_by=row.added_by,
        state=UploadState(row.state),
        size=row.size,
        sha256=row.sha256,
        expires_at=row.expires_at,
        present=frozenset(present),
    )


async def kept_of(tx: Transaction, attachment_id: UUID) -> Kept:
    """Load what was kept of an upload that is completed."""
    columns = tables.attachments.c
    row = (
        await tx.execute(
            select(columns.media_type, columns.kept_size, columns.kept_sha256).where(
                columns.attachment_id == attachment_id
            )
        )
    ).one()
    return Kept(*row)


async def add_part(tx: Transaction, attachment_id: UUID, number: int, now: datetime) -> None:
    """Note that a part of a locked upload has come."""
    added = upsert(tables.attachment_parts).values(attachment_id=attachment_id, number=number)
    await tx.execute(added.on_conflict_do_nothing())
    columns = tables.attachments.c
    upload = update(tables.attachments).where(columns.attachment_id == attachment_id)
    await tx.execute(upload.values(active_at=now))


async def keep_upload(tx: Transaction, attachment_id: UUID, kept: Kept, now: datetime) -> None:
    """Store what is kept of a locked upload; it has no parts any more."""
    await _end(
        tx,
        attachment_id,
        state=UploadState.KEPT,
        media_type=kept.media_type,
        kept_size=kept.size,
        kept_sha256=kept.sha256,
        kept_at=now,
    )


async def refuse_upload(tx: Transaction, attachment_id: UUID) -> None:
    """Store that a locked upload was refused; it has no parts any more."""
    await _end(tx, attachment_id, state=UploadState.REFUSED)


async def ongoing_incident_of(tx: Transaction, owner: Owner) -> tuple[UUID, str]:
    """Tell the incident that goes on for something, and the number of the report if it is one."""
    if isinstance(owner, OfIncident):
        incident_id, number = owner.incident_id, ""
    else:
        columns = tables.reports.c
        row = await tx.execute(
            select(columns.incident_id, columns.number).where(columns.report_id == owner.report_id)
        )
        incident_id, number = row.one()
    chain = _chain(select(tables.incidents).where(tables.incidents.c.incident_id == incident_id))
    last = select(chain.c.ongoing_id).where(chain.c.duplicate_of.is_(None))
    return (await tx.scalars(last)).one(), number


async def forget_attachments(tx: Transaction, now: datetime, day: date) -> int:
    """Forget uploads that took too long, and what belongs to reports and incidents whose time is over; tell how many.

    Nobody finds them from then on; what lies in the store is deleted behind it.
    """
    columns, reports, incidents = tables.attachments.c, tables.reports.c, tables.incidents.c
    with_files = select(columns.incident_id).where(columns.incident_id.is_not(None))
    chain = _chain(select(tables.incidents).where(incidents.incident_id.in_(with_files)))
    over = select(chain.c.incident_id).where(
        chain.c.duplicate_of.is_(None),
        chain.c.ended_at <= now - func.make_interval(0, in_force(_RETENTION, day)),
    )
    forgotten = select(reports.report_id).where(reports.forgotten_at.is_not(None))
    gone = await tx.execute(
        delete(tables.attachments).where(
            or_(
                (columns.state != UploadState.KEPT) & (columns.expires_at <= now),
                columns.report_id.in_(forgotten),
                columns.incident_id.in_(over),
            )
        )
    )
    return gone.rowcount


async def objects_wanted(tx: Transaction, attachment_ids: Collection[UUID]) -> dict[UUID, bool]:
    """Tell of those of some attachments whose objects are wanted whether they are kept, or else on their way."""
    columns = tables.attachments.c
    found = await tx.execute(
        select(columns.attachment_id, columns.state).where(
            columns.attachment_id.in_(attachment_ids), columns.state != UploadState.REFUSED
        )
    )
    return {row.attachment_id: row.state == UploadState.KEPT for row in found}


async def _end(tx: Transaction, attachment_id: UUID, **columns: object) -> None:
    parts = tables.attachment_parts
    await tx.execute(delete(parts).where(parts.c.attachment_id == attachment_id))
    await tx.execute(
        update(tables.attachments)
        .where(tables.attachments.c.attachment_id == attachment_id)
        .values(**columns)
    )


def _of(owner: Owner) -> ColumnElement[bool]:
    columns = tables.attachments.c
    if isinstance(owner, OfReport):
        return columns.report_id == owner.report_id
    return columns.incident_id == owner.incident_id


def _owner_of(row: Row[Any]) -> Owner:
    return OfIncident(row.incident_id) if row.report_id is None else OfReport(row.report_id)


def _chain(begun: Select[Any]) -> Any:  # noqa: ANN401 - a recursive CTE
    """Select for each of some incidents itself and all that it was merged into, one after the other."""
    incidents = tables.incidents
    of = begun.subquery("begun")
    first = select(
        of.c.incident_id, of.c.incident_id.label("ongoing_id"), of.c.duplicate_of, of.c.ended_at
    ).cte("chain", recursive=True)
    following = select(
        first.c.incident_id,
        incidents.c.incident_id.label("ongoing_id"),
        incidents.c.duplicate_of,
        incidents.c.ended_at,
    ).join(incidents, incidents.c.incident_id == first.c.duplicate_of)
    return first.union_all(following)
