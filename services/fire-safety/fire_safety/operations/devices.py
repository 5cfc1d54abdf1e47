"""What people do with the register of devices."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from chassis.clock import Clock, ward_day
from chassis.context import current_account
from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from chassis.storage.database import Database, Transaction
from chassis.storage.outbox import Relay
from fire_safety.domain.devices.device import (
    DEVICE_ID,
    ChangeAction,
    Device,
    DeviceChange,
    DeviceNotFoundError,
    DeviceRetiredError,
    GatewayInUseError,
)
from fire_safety.domain.devices.registration import (
    Entry,
    Fault,
    Verdict,
    judge,
    whole,
)
from fire_safety.operations.credentials import revoke_all
from fire_safety.operations.requests import claim
from fire_safety.repository import devices, modes, signals

# Who changed an entry by a command of whoever runs the service.
OPERATOR = "import"


class DeviceOperations:
    """Registers, changes, tests and retires devices."""

    def __init__(self, database: Database, relay: Relay, clock: Clock) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock

    async def save(self, entry: Entry, request_id: str, digest: bytes) -> Device:
        """Register a device or change its entry; what says the same has no effect.

        Raises FieldInvalidError, GatewayInUseError, RequestIdReusedError.
        """

        async def change(tx: Transaction, now: datetime) -> None:
            (verdict,) = await _judge(tx, [entry], now)
            _require_allowed(verdict)
            await _save(tx, _changes_of([verdict], current_account(), now))

        return await self._once(entry.device_id, request_id, digest, change)

    async def retire(self, device_id: str, note: str, request_id: str, digest: bytes) -> Device:
        """Take a device down for good; of a retired one nothing changes.

        Raises DeviceNotFoundError, GatewayInUseError, RequestIdReusedError.
        """

        async def change(tx: Transaction, now: datetime) -> None:
            before = await devices.load(tx, device_id)
            (verdict,) = await _judge(tx, [Entry(device_id, {"retired": True}, by_hand=True)], now)
            if Fault.GATEWAY_IN_USE in {fault for _, fault in verdict.refusals}:
                raise GatewayInUseError
            if before.retired:
                return
            after, by = replace(before, retired=True), current_account()
            await _save(tx, [_change(after, ChangeAction.RETIRED, by, now, note)])

        return await self._once(device_id, request_id, digest, change)

    async def record_test(
        self,
        device_id: str,
        tested_on: date | None,
        result: ChangeAction,
        note: str,
        request_id: str,
        digest: bytes,
    ) -> Device:
        """Enter a test; a passed one on a day before the last changes nothing but the history.

        Raises DeviceNotFoundError, FieldInvalidError, RequestIdReusedError.
        """

        async def change(tx: Transaction, now: datetime) -> None:
            before = await devices.load(tx, device_id)
            day = tested_on or ward_day(now)
            if not (before.installed_on or date.min) <= day <= ward_day(now):
                raise FieldInvalidError(
                    "tested_on",
                    Rule(
                        "không trước ngày lắp đặt, không phải ngày chưa đến",
                        "not before installation, not to come",
                    ),
                )
            after = before.tested(day, passed=result is ChangeAction.TEST_PASSED)
            await _save(tx, [_change(after, result, current_account(), now, note)])

        return await self._once(device_id, request_id, digest, change)

    async def check(self, entries: Sequence[Entry]) -> list[Verdict]:
        """Tell what would become of the rows of a table."""
        async with self._database.transaction() as tx:
            return await _judge(tx, entries, self._clock())

    async def enter(
        self,
        entries: Sequence[Entry],
        request_id: str,
        digest: bytes,
        *,
        allowed_only: bool,
    ) -> tuple[list[Verdict], bool]:
        """Enter the rows of a table as `enter_table` does; a repeat of the request is judged anew.

        Raises RequestIdReusedError.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            await claim(tx, request_id, digest, "", now)
            told = await enter_table(
                tx, entries, current_account(), now, allowed_only=allowed_only
            )
        self._relay.wake()
        return told

    async def _once(
        self,
        device_id: str,
        request_id: str,
        digest: bytes,
        change: Callable[[Transaction, datetime], Awaitable[None]],
    ) -> Device:
        """Change a device once per request id; a repeat gets the device as it is now."""
        now = self._clock()
        async with self._database.transaction() as tx:
            await devices.lock_register(tx)
            if await claim(tx, request_id, digest, device_id, now) is None:
                await change(tx, now)
            device = await devices.load(tx, device_id)
        self._relay.wake()
        return device


class ImportOperations:
    """Enters tables for whoever runs the service; the events leave when it runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def enter(
        self,
        entries: Sequence[Entry],
        *,
        dry_run: bool,
        allowed_only: bool,
        progress: Callable[[int, int], object],
    ) -> tuple[list[Verdict], bool]:
        """Judge the rows of a table and, if it is meant, enter them; tell as `enter_table` does."""
        now = self._clock()
        async with self._database.transaction() as tx:
            if dry_run:
                return await _judge(tx, entries, now), False
            return await enter_table(
                tx, entries, OPERATOR, now, allowed_only=allowed_only, progress=progress
            )


async def enter_table(
    tx: Transaction,
    entries: Sequence[Entry],
    by: str,
    now: datetime,
    *,
    allowed_only: bool,
    progress: Callable[[int, int], object] = lambda _done, _all: None,
) -> tuple[list[Verdict], bool]:
    """Enter new and changed devices; tell what became of each row, and whether they were entered.

    Unless only those allowed are asked for, nothing is entered while any row is refused.
    """
    await devices.lock_register(tx)
    verdicts = await _judge(tx, entries, now)
    if not allowed_only and any(one.refusals for one in verdicts):
        return verdicts, False
    await _save(tx, _changes_of(verdicts, by, now), progress)
    return verdicts, True


async def move(
    tx: Transaction, device_ids: Iterable[str], to: Mapping[str, str], now: datetime
) -> None:
    """Put devices elsewhere, in the transaction of whatever they are put into, which holds the register.

    A retired one would be in nothing that is shown or confirms. Raises DeviceNotFoundError, DeviceRetiredError,
    FieldInvalidError.
    """
    entries = [Entry(one, to, by_hand=True) for one in sorted(device_ids)]
    verdicts = await _judge(tx, entries, now)
    for one in verdicts:
        if one.before is None:
            raise DeviceNotFoundError
        if one.before.retired:
            raise DeviceRetiredError
        _require_allowed(one)
    await _save(tx, _changes_of(verdicts, current_account(), now))


async def enter_register(tx: Transaction, entered: Sequence[Device], now: datetime) -> None:
    """Enter the devices of a register's files, in the transaction of the rest; raises FieldInvalidError."""
    await devices.lock_register(tx)
    verdicts = await _judge(tx, [whole(one) for one in entered], now)
    for one in verdicts:
        _require_allowed(one)
    await _save(tx, _changes_of(verdicts, OPERATOR, now))


async def _save(
    tx: Transaction,
    changes: Sequence[DeviceChange],
    progress: Callable[[int, int], object] = lambda _done, _all: None,
) -> None:
    """Save devices after these changes.

    Whoever is taken down signs in no more, is under no test, and nothing of it signals: its fire alarms wait for a
    person's reset. What signals of the others, or is set for them, is told where they hang now.
    """
    if not changes:
        return
    device_ids, now = [one.device.device_id for one in changes], changes[0].changed_at
    set_before = await modes.of_devices(tx, device_ids, now)
    await devices.save(tx, changes, progress)
    await signals.move_alarms(tx, device_ids, now)
    retired = [one for one in changes if one.action is ChangeAction.RETIRED]
    if retired:
        taken_down, by = [one.device.device_id for one in retired], retired[0].changed_by
        await revoke_all(tx, taken_down, by, now)
        await modes.end_of_devices(tx, taken_down, by, now)
        await signals.restore_all(tx, taken_down, now)
    await modes.follow_devices(tx, device_ids, set_before, now)


async def _judge(tx: Transaction, entries: Sequence[Entry], now: datetime) -> list[Verdict]:
    device_ids = [one.device_id for one in entries if DEVICE_ID.fullmatch(one.device_id)]
    gateway_ids = {one.values["gateway_id"] for one in entries if one.values.get("gateway_id")}
    known = await devices.load_surroundings(tx, device_ids, gateway_ids)
    return judge(entries, known, ward_day(now))


def _require_allowed(verdict: Verdict) -> None:
    for name, fault in verdict.refusals:
        if fault is Fault.GATEWAY_IN_USE:
            raise GatewayInUseError
        raise FieldInvalidError(
            f"device.{name}",
            Rule(
                f"{verdict.entry.device_id}: {fault.vi}", f"{verdict.entry.device_id}: {fault.en}"
            ),
        )


def _changes_of(verdicts: Sequence[Verdict], by: str, now: datetime) -> list[DeviceChange]:
    return [_change(one.after, _action_of(one), by, now) for one in verdicts if one.changes]


def _action_of(verdict: Verdict) -> ChangeAction:
    if verdict.before is None:
        return ChangeAction.REGISTERED
    retires = verdict.after.retired and not verdict.before.retired
    return ChangeAction.RETIRED if retires else ChangeAction.CHANGED


def _change(
    after: Device, action: ChangeAction, by: str, now: datetime, note: str = ""
) -> DeviceChange:
    return DeviceChange(0, now, by, action, note, after)
