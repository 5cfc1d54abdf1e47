"""Serving: what answers, and what is done in time beside it."""

import contextlib

from chassis.broker.consumer import EventConsumer
from chassis.broker.jetstream import EVENTS, EVENTS_REMEMBERED
from chassis.clock import Clock, utc_now
from chassis.errors import DatabaseUnavailableError
from chassis.lifecycle import Lifecycle
from chassis.rpc import grpc_client
from chassis.sealing import UnknownKeyError
from chassis.service import Base, account_line, start_base
from chassis.storage.database import Database
from chassis.telemetry.log import logger
from residency import tables, timers
from residency.app.parts import Parts, refuse_wrong_keys
from residency.app.servicers import servicers_of
from residency.clients.population import PopulationClient
from residency.consumers import LANE, Consumers
from residency.domain.persons.sealing import NumberSeal
from residency.operations.breaches import BreachOperations
from residency.operations.break_glass import BreakGlassOperations
from residency.operations.keys import KeysDoNotFitError, check_key_at_hand
from residency.operations.population import PopulationOperations
from residency.operations.reminders import ReminderOperations
from residency.operations.upkeep import UpkeepOperations
from residency.queries.anomalies import AnomalyQueries
from residency.queries.assistance import AssistanceQueries
from residency.queries.breaches import BreachQueries
from residency.queries.cases import CaseQueries
from residency.queries.data_subject_requests import DataSubjectRequestQueries
from residency.queries.identity import IdentityQueries
from residency.queries.reviews import ReviewQueries
from residency.settings import Settings


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings, clock: Clock = utc_now) -> int:
    """Start the service within a lifecycle; tell its gRPC port."""
    base = await start_base(
        life, "residency", settings, outbox=tables.outbox, accounted=True, clock=clock
    )
    parts = Parts.of(base, settings)
    database, relay = parts.database, parts.relay
    have_fit = False
    with contextlib.suppress(DatabaseUnavailableError):
        await refuse_wrong_keys(database, parts.seal)
        have_fit = True
    keys = KeyWatch(life, database, parts.seal, have_fit=have_fit)
    base.readiness.watch("keys", keys.look)
    glass = BreakGlassOperations(
        database, relay, clock, parts.seal, parts.particulars, parts.ward_code
    )
    breaches = BreachOperations(database, relay, clock, parts.seal, parts.ward_code)
    hear_of_incidents(life, base, settings, glass)
    do_in_time(life, parts, breaches)
    keep_asking(life, parts, settings)
    # The first caller is not refused because ceilings are not known yet, unless the database is away.
    with contextlib.suppress(DatabaseUnavailableError):
        await parts.limits.exchange()
        await parts.decoys.refresh()
    life.background("limits", timers.watch_lookups(parts.limits, parts.decoys))
    identities = IdentityQueries(account_line(life, settings))
    servicers = servicers_of(parts, identities, glass, breaches, settings.incidents_account)
    return await base.serve(life, servicers)


class KeyWatch:
    """Looks whether the register opens under this process's keys: as long as it does not, nobody is sent here.

    Where the database was away at start and the keys are not the register's, the process ends in the words in which it
    would have then. Where all was sealed anew since under a key that it was not given, it says so once and waits, not
    ready, to be started with it: callers go to a replica that has it.
    """

    def __init__(
        self, life: Lifecycle, database: Database, numbers: NumberSeal, *, have_fit: bool
    ) -> None:
        self._life = life
        self._database = database
        self._numbers = numbers
        self._have_fit = have_fit
        self._told = False

    async def look(self) -> None:
        """Raise KeysDoNotFitError or UnknownKeyError where they do not open the register."""
        if not self._have_fit:
            await self._fit()
        try:
            await check_key_at_hand(self._database, self._numbers)
        except UnknownKeyError:
            if not self._told:
                logger().error("sealing_key_missing", needed="ID_ENCRYPTION_KEY")
            self._told = True
            raise
        self._told = False

    async def _fit(self) -> None:
        try:
            await refuse_wrong_keys(self._database, self._numbers)
        except SystemExit as error:
            self._life.fail(error)
            raise KeysDoNotFitError from error
        self._have_fit = True


def hear_of_incidents(
    life: Lifecycle, base: Base, settings: Settings, glass: BreakGlassOperations
) -> None:
    """Keep which incidents are open, and in which building."""
    lane = EventConsumer(
        base.broker,
        base.jetstream,
        f"{LANE}-{settings.ward_code}",
        str(EVENTS.name),
        Consumers(glass).handlers(),
        formerly=(LANE,),
    )
    life.background(LANE, lane.run())


def do_in_time(life: Lifecycle, parts: Parts, breaches: BreachOperations) -> None:
    """Do what is due by the day or the hour, and tell in figures how things are."""
    database, clock = parts.database, parts.clock
    upkeep = UpkeepOperations(database, parts.relay, clock)
    life.background("recount", timers.recount_when_due(upkeep))
    # Requests are kept as long: a repeat comes within minutes, or days after a long outage; later the register itself
    # shows what was entered.
    life.background("forgetting", timers.forget_hourly(upkeep, EVENTS_REMEMBERED))
    reminders = ReminderOperations(database, parts.relay, clock)
    life.background("reminders", timers.remind_when_due(reminders))
    cases = CaseQueries(database, parts.case_seal)
    life.background("case-figures", timers.tell_case_figures(cases, clock))
    watching = timers.watch_protection(
        breaches,
        BreachQueries(database),
        ReviewQueries(database),
        DataSubjectRequestQueries(database, parts.note_seal),
        clock,
    )
    life.background("protection", watching)
    needs = AssistanceQueries(database)
    life.background("assistance-reviews", timers.tell_reviews_due(needs, clock))
    life.background("anomalies", timers.tell_anomalies(AnomalyQueries(database), clock))


def keep_asking(life: Lifecycle, parts: Parts, settings: Settings) -> None:
    """Ask the population database, if the service was told where it is; until then all questions wait."""
    if not settings.population_target:
        logger().warning("population_not_asked", needed="POPULATION_TARGET")
        return
    # No token of a caller leaves the ward: the channel passes none on.
    channel = grpc_client.channel(
        settings.population_target, settings.population_certificates, passes_on=False
    )
    life.at_stop(channel.close)
    registry = PopulationClient(channel, settings.ward_code)
    questions = PopulationOperations(
        parts.database,
        parts.relay,
        parts.clock,
        parts.seal,
        parts.case_seal,
        parts.ward_code,
    )
    life.background("population", timers.ask_population_when_due(questions, registry))
