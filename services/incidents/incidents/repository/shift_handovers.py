"""Sheets of shift handovers: put together, stored, signed and loaded."""

from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.storage.database import Transaction
from incidents import tables
from incidents.domain.duty.shift_handovers import (
    DevicesOut,
    ModeInForce,
    OverdueReport,
    Sheet,
    ShiftHandover,
    ShiftHandoverNotFoundError,
    ShiftHandoverSignedError,
)
from incidents.domain.rules.catalogue import ClockKind
from incidents.repository.incidents import all_with_members
from incidents.repository.tasks import overdue_tasks, task_of


async def sheet_at(tx: Transaction, now: datetime) -> Sheet:
    """Put together what is open, overdue, out of order and switched off now."""
    incidents = tables.incidents.c
    rows = await tx.execute(
        select(tables.incidents)
        .where(incidents.ended_at.is_(None))
        .order_by(incidents.priority, incidents.opened_at, incidents.incident_id)
    )
    open_rows = rows.all()
    tasks = [task_of(row) for row in await tx.execute(overdue_tasks(now))]
    return Sheet(
        at=now,
        open_incidents=await all_with_members(tx, open_rows),
        overdue_tasks=tasks,
        overdue_reports=await _overdue_reports(tx, now),
        devices_out=await _devices_out(tx),
        modes_in_force=await _modes_in_force(tx),
    )


async def _overdue_reports(tx: Transaction, now: datetime) -> list[OverdueReport]:
    """Tell the terms of reports that run and are over."""
    reports, deadlines = tables.reports.c, tables.deadlines.c
    found = await tx.execute(
        select(reports.number, deadlines.kind, deadlines.due_at)
        .join(tables.deadlines, deadlines.report_id == reports.report_id)
        .where(tables.RUNNING, deadlines.due_at <= now)
        .order_by(deadlines.due_at, reports.number, deadlines.kind)
    )
    return [OverdueReport(row.number, ClockKind(row.kind), row.due_at) for row in found]


async def _devices_out(tx: Transaction) -> list[DevicesOut]:
    alarms, premises = tables.alarms.c, tables.premises.c
    found = await tx.execute(
        select(alarms.premises_id, func.coalesce(premises.name, ""), alarms.device_id)
        .join(tables.premises, premises.premises_id == alarms.premises_id, isouter=True)
        .where(tables.IN_TROUBLE)
        .distinct()
        .order_by(alarms.premises_id, alarms.device_id)
    )
    places = groupby(found, itemgetter(0, 1))
    return [
        DevicesOut(premises_id, place, [device_id for _, _, device_id in rows])
        for (premises_id, place), rows in places
    ]


async def _modes_in_force(tx: Transaction) -> list[ModeInForce]:
    modes, premises = tables.device_modes.c, tables.premises.c
    found = await tx.execute(
        select(func.coalesce(premises.name, ""), modes.payload)
        .join(tables.premises, premises.premises_id == modes.premises_id, isouter=True)
        .where(tables.NOT_ENDED)
        .order_by(modes.premises_id, modes.mode_id)
    )
    return [ModeInForce(place, mode) for place, mode in found]


async def add_shift_handover(tx: Transaction, shift_handover: ShiftHandover) -> None:
    """Store a sheet that waits for its signature."""
    columns = dict(vars(shift_handover))
    del columns["signed_by"], columns["signed_at"]
    await tx.execute(insert(tables.shift_handovers).values(**columns))


async def load_shift_handover(tx: Transaction, shift_handover_id: UUID) -> ShiftHandover:
    """Load a sheet; raises ShiftHandoverNotFoundError."""
    wanted = shift_handovers().where(
        tables.shift_handovers.c.shift_handover_id == shift_handover_id
    )
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        raise ShiftHandoverNotFoundError
    return shift_handover_of(row)


async def add_signature(
    tx: Transaction, shift_handover_id: UUID, account: str, now: datetime
) -> None:
    """Store who took over; raises ShiftHandoverSignedError if somebody else did at the same time."""
    signed = (
        upsert(tables.shift_handover_signatures)
        .values(shift_handover_id=shift_handover_id, signed_by=account, signed_at=now)
        .on_conflict_do_nothing()
    )
    if not (await tx.execute(signed)).rowcount:
        raise ShiftHandoverSignedError


def shift_handovers() -> Select[Any]:
    """Select sheets with their signatures."""
    sheets, signatures = tables.shift_handovers, tables.shift_handover_signatures
    return select(sheets, signatures.c.signed_by, signatures.c.signed_at).select_from(
        sheets.outerjoin(signatures, signatures.c.shift_handover_id == sheets.c.shift_handover_id)
    )


def shift_handover_of(row: Row[Any]) -> ShiftHandover:
    """Read a sheet."""
    return ShiftHandover(
        shift_handover_id=row.shift_handover_id,
        at=row.at,
        given_by=row.given_by,
        notes=row.notes,
        sheet=row.sheet,
        signed_by=row.signed_by or "",
        signed_at=row.signed_at,
    )
