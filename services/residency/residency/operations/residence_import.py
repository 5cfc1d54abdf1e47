"""Entering a table of residences: all of it, or what of it is valid, or nothing."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.database import Database, Transaction
from chassis.errors import DomainError
from chassis.outbox import Relay
from residency.domain.residence import Origin
from residency.domain.residence_rows import Declared, Fault, Known, Outcome, ResidenceRow, Verdict
from residency.domain.sealing import NumberSeal
from residency.operations import residence
from residency.repository import occupancy
from residency.repository import residence_rows as repository

Progress = Callable[[int, int], object]
_ANNOUNCED_AT_ONCE = 1000


class _NothingMeantError(Exception):
    """Ends a transaction whose work was only to see what would become of it."""


class _Placed(NamedTuple):
    """A row whose dwelling is known."""

    number_index: bytes
    row: int
    declared: Declared
    dwelling_id: UUID


class ResidenceImport:
    """Enters each row as a registration by RPC is entered, by the same rules."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: NumberSeal,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._new_id = new_id

    async def enter(
        self,
        rows: Sequence[ResidenceRow],
        reference: str,
        *,
        dry_run: bool,
        accept_valid: bool,
        progress: Progress,
    ) -> tuple[list[Verdict], bool]:
        """Judge all rows and enter them, unless it is a dry run, or some are refused and not all the same accepted.

        Tells what became of each, and whether anything was meant to be entered. A registration that the register
        holds already is left as it is.
        """
        verdicts: list[Verdict] = []
        with suppress(_NothingMeantError):
            async with self._database.transaction() as tx:
                verdicts, changed = await self._judge(tx, rows, reference, progress)
                refused = any(one.outcome is Outcome.REFUSED for one in verdicts)
                if dry_run or (refused and not accept_valid):
                    raise _NothingMeantError
                for start in range(0, len(changed), _ANNOUNCED_AT_ONCE):
                    some = changed[start : start + _ANNOUNCED_AT_ONCE]
                    await occupancy.announce(tx, some, self._clock())
            self._relay.wake()
            return verdicts, True
        return verdicts, False

    async def _judge(
        self, tx: Transaction, rows: Sequence[ResidenceRow], reference: str, progress: Progress
    ) -> tuple[list[Verdict], list[UUID]]:
        """Enter what can be entered; tell what becomes of each row, and which dwellings changed.

        Dwellings are locked first, and then the persons as their rows are taken, each in one order.
        """
        homes = await repository.load_homes(tx)
        placed, refused = [], []
        for row in rows:
            home = homes.find(row.declared.home) if row.declared else None
            if row.declared is None or not isinstance(home, UUID):
                faults = [home] if isinstance(home, Fault) else row.faults
                refused.append(Verdict(row.number, Outcome.REFUSED, faults))
            else:
                index = self._seal.blind_index(row.declared.number)
                placed.append(_Placed(index, row.number, row.declared, home))
        placed.sort(key=lambda one: (one.number_index, one.row))
        await occupancy.lock_dwellings(tx, sorted({one.dwelling_id for one in placed}))
        known = await repository.load_known(tx, [one.number_index for one in placed])
        entered, changed = [], set()
        for done, one in enumerate(placed, start=1):
            verdict = await self._enter(tx, one, known, reference)
            entered.append(verdict)
            if verdict.outcome is Outcome.NEW:
                changed.add(one.dwelling_id)
            progress(done, len(placed))
        verdicts = sorted([*refused, *entered], key=lambda verdict: verdict.number)
        return verdicts, sorted(changed)

    async def _enter(
        self, tx: Transaction, one: _Placed, known: set[Known], reference: str
    ) -> Verdict:
        """Enter a row, unless the register or the file holds it already, or a rule refuses it."""
        declared = one.declared
        entry = Known(one.number_index, one.dwelling_id, declared.kind, declared.term)
        if entry in known:
            return Verdict(one.row, Outcome.UNCHANGED)
        application, origin = declared.applying_for(one.dwelling_id), Origin("", reference)
        try:
            async with tx.begin_nested():
                await residence.enter(
                    tx,
                    self._new_id(),
                    application,
                    self._seal,
                    origin,
                    self._new_id,
                    self._clock(),
                )
        except DomainError as error:
            return Verdict(one.row, Outcome.REFUSED, refusal=error)
        known.add(entry)
        return Verdict(one.row, Outcome.NEW)
