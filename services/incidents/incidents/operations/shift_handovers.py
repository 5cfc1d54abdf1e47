"""Handing shifts over, one transaction each."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

from chassis.clock import Clock
from chassis.storage.database import Database
from incidents.domain.duty.requests import ShiftHandoverSigned, ShiftHandoverWanted
from incidents.domain.duty.shift_handovers import ShiftHandover
from incidents.operations.requests import claimed
from incidents.repository.shift_handovers import (
    add_shift_handover,
    add_signature,
    load_shift_handover,
    sheet_at,
)
from incidents.wire.shift_handovers import sheet_message


class ShiftHandoverOperations:
    """Hands shifts over. A repeat changes nothing; raises RequestIdReusedError."""

    def __init__(
        self, database: Database, clock: Clock, new_id: Callable[[], UUID] = uuid4
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id

    async def hand_over_shift(self, asked: ShiftHandoverWanted) -> ShiftHandover:
        """Store the sheet as it is now, and tell it; it waits for the signature of another officer."""
        now, made = self._clock(), self._new_id()
        async with self._database.transaction() as tx:
            first = await claimed(tx, asked, str(made), now)
            if first is not None:
                return await load_shift_handover(tx, UUID(first))
            sheet = sheet_message(await sheet_at(tx, now)).SerializeToString()
            shift_handover = ShiftHandover(made, now, asked.account, asked.notes, sheet)
            await add_shift_handover(tx, shift_handover)
        return shift_handover

    async def sign(self, asked: ShiftHandoverSigned) -> ShiftHandover:
        """Take a shift over, and tell the signed sheet.

        Raises ShiftHandoverNotFoundError, ShiftHandoverNeedsAnotherError or ShiftHandoverSignedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            first = await claimed(tx, asked, str(asked.shift_handover_id), now)
            shift_handover = await load_shift_handover(tx, asked.shift_handover_id)
            if first is not None:
                return shift_handover
            shift_handover.check_signature(asked.account)
            await add_signature(tx, asked.shift_handover_id, asked.account, now)
        return replace(shift_handover, signed_by=asked.account, signed_at=now)
