"""Serving: what answers, and what is done in time beside it."""

from chassis.clock import Clock, utc_now
from chassis.lifecycle import Lifecycle
from chassis.service import Base, start_base
from fire_safety import tables, timers
from fire_safety.app.gate import keep_gate
from fire_safety.app.lanes import start_lanes
from fire_safety.app.servicers import servicers_of
from fire_safety.operations.deadlines import DeadlineOperations
from fire_safety.operations.modes import ModeOperations
from fire_safety.operations.storms import StormOperations
from fire_safety.operations.upkeep import UpkeepOperations
from fire_safety.queries.alarms import AlarmQueries
from fire_safety.settings import Settings


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings, clock: Clock = utc_now) -> int:
    """Start the service within a lifecycle; tell its gRPC port."""
    base = await start_base(
        life,
        "fire-safety",
        settings,
        outbox=tables.outbox,
        outbox_order=tables.outbox.c.urgent.desc(),
        clock=clock,
    )
    await start_lanes(life, base, settings)
    await keep_gate(life, base, settings)
    modes = ModeOperations(base.database, base.relay, clock, settings.ward_code)
    do_in_time(life, base, modes)
    return await base.serve(life, servicers_of(base, modes))


def do_in_time(life: Lifecycle, base: Base, modes: ModeOperations) -> None:
    """Do what is due by the second, the minute or the hour, and tell in figures how alarms are."""
    database, relay, clock, ward_code = (
        base.database,
        base.relay,
        base.clock,
        base.settings.ward_code,
    )
    upkeep = UpkeepOperations(database, clock)
    life.background("roll-up", timers.roll_up(database, upkeep))
    life.background("retention", timers.drop_expired(database, upkeep))
    life.background("modes", timers.expire_modes(modes))
    storms = StormOperations(database, relay, clock, ward_code)
    life.background("storms", timers.watch_for_storms(storms))
    deadlines = DeadlineOperations(relay, clock, ward_code)
    life.background("deadlines", timers.keep_deadlines(database, deadlines))
    life.background("figures", timers.tell_alarm_figures(AlarmQueries(database), clock))
