"""Clocks that run in the service: storage is kept in order, modes end, storms and the register's days are told."""

import asyncio
from functools import partial

from chassis.clock import Clock
from chassis.repeating import keep_doing, while_there_is
from chassis.storage.database import Database
from chassis.telemetry import metrics
from fire_safety.operations.deadlines import DeadlineOperations
from fire_safety.operations.modes import ModeOperations
from fire_safety.operations.storms import StormOperations
from fire_safety.operations.upkeep import UpkeepOperations
from fire_safety.queries.alarms import AlarmQueries

_ROLL_UP_EVERY_S = 60.0
_DROP_EVERY_S = 3600.0
_MODES_EVERY_S = 1.0
_STORMS_EVERY_S = 2.0
_DEADLINES_EVERY_S = 30.0
_DEADLINES_PACE_S = 1.0
_FIGURES_EVERY_S = 5.0


async def roll_up(database: Database, operations: UpkeepOperations) -> None:
    """Make room for readings and figures of them until cancelled; one instance at a time."""

    async def tend() -> None:
        async with database.lease("readings-roll-up") as lease:
            if lease is None:
                return
            await operations.prepare()
            await while_there_is(operations.roll_up_next)

    await keep_doing("timers", _ROLL_UP_EVERY_S, tend)


async def drop_expired(database: Database, operations: UpkeepOperations) -> None:
    """Drop what was kept long enough until cancelled; one instance at a time, and one partition at a time."""

    async def drop() -> None:
        async with database.lease("readings-retention") as lease:
            if lease is None:
                return
            for table in ("readings", "readings_hourly"):
                await operations.drop_next(table)
            await operations.forget_sequences()
            await operations.forget_system_status()

    await keep_doing("timers", _DROP_EVERY_S, drop)


async def expire_modes(operations: ModeOperations) -> None:
    """End modes whose time is over until cancelled; any number of instances may, each mode ends once."""
    await keep_doing("timers", _MODES_EVERY_S, partial(while_there_is, operations.expire_next))


async def watch_for_storms(operations: StormOperations) -> None:
    """Look for storms until cancelled."""
    await keep_doing("timers", _STORMS_EVERY_S, operations.look)


async def keep_deadlines(database: Database, operations: DeadlineOperations) -> None:
    """Tell ends of service life and overdue tests until cancelled; one instance at a time, some devices at a time."""

    async def settle() -> None:
        async with database.lease("device-deadlines") as lease:
            more = lease is not None
            while lease and more:
                more = await operations.settle(lease)
                await asyncio.sleep(_DEADLINES_PACE_S if more else 0)

    await keep_doing("timers", _DEADLINES_EVERY_S, settle)


async def tell_alarm_figures(queries: AlarmQueries, clock: Clock) -> None:
    """Keep up to date for whoever watches the metrics what is open and what nobody has seen, until cancelled."""

    async def tell() -> None:
        for signal_class, figures in (await queries.figures()).items():
            metrics.ALARMS_OPEN.labels(signal_class).set(figures.open)
            metrics.ALARMS_UNACKNOWLEDGED.labels(signal_class).set(figures.unacknowledged)
            waiting_s = figures.waiting_s(clock())
            metrics.ALARM_WAITING_SECONDS.labels(signal_class).set(waiting_s)

    await keep_doing("timers", _FIGURES_EVERY_S, tell)
