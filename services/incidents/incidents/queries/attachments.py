"""Photos and files that are kept; there is no query by person."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select

from chassis.storage.database import Database
from chassis.storage.object_store import ObjectMissingError, ObjectStore
from incidents import tables
from incidents.domain.attachments.attachment import (
    Attachment,
    AttachmentNotFoundError,
    Kept,
    OfIncident,
    OfReport,
    UploadState,
    kept_name,
)
from incidents.domain.reports.sealing import AttachmentSeal
from incidents.repository.reports import tree_of


class AttachmentQueries:
    """Asks for attachments, of incidents themselves only where `of_reports` is false."""

    def __init__(self, database: Database, seal: AttachmentSeal, store: ObjectStore) -> None:
        self._database = database
        self._seal = seal
        self._store = store

    async def of(self, owner: OfReport | OfIncident, *, of_reports: bool) -> list[Attachment]:
        """Tell what belongs to a report, or to an incident and what was merged into it and their reports."""
        columns, reports = tables.attachments.c, tables.reports.c
        if isinstance(owner, OfReport):
            wanted = _attachments().where(columns.report_id == owner.report_id)
        else:
            tree = tree_of(owner.incident_id)
            wanted = _attachments().where(
                or_(columns.incident_id.in_(tree), reports.incident_id.in_(tree))
            )
        async with self._database.transaction() as tx:
            rows = (await tx.execute(_shown(wanted, of_reports=of_reports))).all()
        return [self._attachment_of(row) for row in rows]

    async def content(self, attachment_id: UUID, *, of_reports: bool) -> tuple[Attachment, bytes]:
        """Tell one attachment and what it holds.

        Raises AttachmentNotFoundError, also where it was forgotten meanwhile, or ObjectStoreUnavailableError.
        """
        wanted = _attachments().where(tables.attachments.c.attachment_id == attachment_id)
        async with self._database.transaction() as tx:
            row = (await tx.execute(_shown(wanted, of_reports=of_reports))).one_or_none()
        if row is None:
            raise AttachmentNotFoundError
        name = kept_name(attachment_id)
        try:
            sealed = await self._store.get(name)
        except ObjectMissingError as error:
            raise AttachmentNotFoundError from error
        return self._attachment_of(row), self._seal.open(sealed, name)

    def _attachment_of(self, row: Row[Any]) -> Attachment:
        attachment_id = row.attachment_id
        return Attachment(
            attachment_id=attachment_id,
            report_id=row.report_id,
            report_number=row.number or "",
            incident_id=row.incident_id,
            file_name=self._seal.open_file_name(row.file_name_sealed, attachment_id),
            kept=Kept(row.media_type, row.kept_size, row.kept_sha256),
            sent_sha256=row.sha256,
            kept_at=row.kept_at,
            added_by=row.added_by,
        )


def _attachments() -> Select[Any]:
    columns, reports = tables.attachments.c, tables.reports
    return (
        select(
            columns.attachment_id,
            columns.report_id,
            reports.c.number,
            func.coalesce(columns.incident_id, reports.c.incident_id).label("incident_id"),
            columns.file_name_sealed,
            columns.media_type,
            columns.kept_size,
            columns.kept_sha256,
            columns.sha256,
            columns.kept_at,
            columns.added_by,
        )
        .select_from(tables.attachments.outerjoin(reports))
        .order_by(columns.kept_at, columns.attachment_id)
    )


def _shown(wanted: Select[Any], *, of_reports: bool) -> Select[Any]:
    """Leave out what is not kept, or of a report that is forgotten or not to be shown."""
    columns, reports = tables.attachments.c, tables.reports.c
    shown = wanted.where(columns.state == UploadState.KEPT, reports.forgotten_at.is_(None))
    return shown if of_reports else shown.where(columns.report_id.is_(None))
