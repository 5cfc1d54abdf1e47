"""Clocks that run in the service: storage is kept in order, modes end, storms and the register's days are told."""

import asyncio
from collections.abc import Awaitable, Callable

from chassis import context, metrics
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import DatabaseUnavailableError
from chassis.log import logger
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
            while await operations.roll_up_next():
                pass

    await _repeat(tend, _ROLL_UP_EVERY_S)


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

    await _repeat(drop, _DROP_EVERY_S)


async def expire_modes(operations: ModeOperations) -> None:
    """End modes whose time is over until cancelled; any number of instances may, each mode ends once."""

    async def expire_all() -> None:
        while await operations.expire_next():
            pass

    await _repeat(expire_all, _MODES_EVERY_S)


async def watch_for_storms(operations: StormOperations) -> None:
    """Look for storms until cancelled."""

    async def look() -> None:
        await operations.look()

    await _repeat(look, _STORMS_EVERY_S)


async def keep_deadlines(database: Database, operations: DeadlineOperations) -> None:
    """Tell ends of service life and overdue tests until cancelled; one instance at a time, some devices at a time."""

    async def settle() -> None:
        async with database.lease("device-deadlines") as lease:
            more = lease is not None
            while lease and more:
                more = await operations.settle(lease)
                await asyncio.sleep(_DEADLINES_PACE_S if more else 0)

    await _repeat(settle, _DEADLINES_EVERY_S)


async def tell_alarm_figures(queries: AlarmQueries, clock: Clock) -> None:
    """Keep up to date for whoever watches the metrics what is open and what nobody has seen, until cancelled."""

    async def tell() -> None:
        for signal_class, figures in (await queries.figures()).items():
            metrics.ALARMS_OPEN.labels(signal_class).set(figures.open)
            metrics.ALARMS_UNACKNOWLEDGED.labels(signal_class).set(figures.unacknowledged)
            waiting_s = figures.waiting_s(clock())
            metrics.ALARM_WAITING_SECONDS.labels(signal_class).set(waiting_s)

    await _repeat(tell, _FIGURES_EVERY_S)


async def _repeat(act: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Act again and again; an outage of the database only delays."""
    while True:
        context.request_id.set(context.accept_request_id(None))
        try:
            await act()
        except DatabaseUnavailableError as error:
            logger().warning("timers_delayed", cause=error.reason)
        except Exception:  # noqa: BLE001 - the edge: logged once, then tried again
            logger().exception("timers_failed")
        await asyncio.sleep(every_s)
