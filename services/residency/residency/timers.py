"""What happens because time passes, not because somebody calls: each until it is cancelled."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from chassis import context
from chassis.clock import Clock, ward_day
from chassis.errors import DatabaseUnavailableError
from chassis.repeating import keep_doing, while_there_is
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from residency.clients.population import NationalPopulationRegistry
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.population import Question, Verdict
from residency.domain.cases.told import CaseFigures, share
from residency.domain.protection.breaches import BreachFigures
from residency.domain.protection.data_subject_requests import RequestFigures, RequestKind
from residency.domain.protection.reviews import ReviewFigures
from residency.operations.breaches import BreachOperations
from residency.operations.decoys import DecoyOperations
from residency.operations.lookup_limits import LookupLimits
from residency.operations.population import PopulationOperations
from residency.operations.reminders import ReminderOperations
from residency.operations.upkeep import UpkeepOperations
from residency.queries.anomalies import AnomalyQueries
from residency.queries.assistance import AssistanceQueries
from residency.queries.breaches import BreachQueries
from residency.queries.cases import CaseQueries
from residency.queries.data_subject_requests import DataSubjectRequestQueries
from residency.queries.reviews import ReviewQueries

_POLL_S = 60.0
_FORGET_EVERY_S = 3600.0
# Reads the account of the whole day.
_ANOMALIES_EVERY_S = 300.0
_ASK_EVERY_S = 0.5
# So many questions at a time, so that a slow answer does not hold up the others.
_ASK_AT_ONCE = 8
_EXCHANGE_S = 1.0


async def recount_when_due(upkeep: UpkeepOperations) -> None:
    """Publish the dwellings whose counts change with the day."""
    await keep_doing("recount", _POLL_S, partial(while_there_is, upkeep.recount_due))


async def remind_when_due(reminders: ReminderOperations) -> None:
    """Tell what somebody should do soon."""
    await keep_doing("reminders", _POLL_S, partial(while_there_is, reminders.remind))


async def watch_lookups(limits: LookupLimits, decoys: DecoyOperations) -> None:
    """Share every second what callers looked up, and learn of new decoys."""

    async def watch() -> None:
        await limits.exchange()
        await decoys.refresh()

    await keep_doing("limits", _EXCHANGE_S, watch)


async def forget_hourly(upkeep: UpkeepOperations, kept: timedelta) -> None:
    """Forget events the stream cannot deliver again, requests as old, and cases that came to nothing long ago."""

    async def forget() -> None:
        await upkeep.forget_events(kept)
        await upkeep.forget_requests(kept)
        await upkeep.forget_usage(kept)
        await while_there_is(upkeep.forget_cases)

    await keep_doing("forgetting", _FORGET_EVERY_S, forget)


async def tell_case_figures(queries: CaseQueries, clock: Clock) -> None:
    """Keep the figures of cases up to date for whoever watches the metrics."""

    async def tell() -> None:
        _show(await queries.figures(clock()))

    await keep_doing("figures", _POLL_S, tell)


async def watch_protection(
    breaches: BreachOperations,
    breach_queries: BreachQueries,
    review_queries: ReviewQueries,
    request_queries: DataSubjectRequestQueries,
    clock: Clock,
) -> None:
    """Tell of clocks of breaches that run out, and keep the figures of data protection."""

    async def watch() -> None:
        await while_there_is(breaches.announce_due)
        now = clock()
        _show_protection(await breach_queries.figures(now), await review_queries.figures(now))
        _show_requests(await request_queries.figures(ward_day(now)))

    await keep_doing("protection", _POLL_S, watch)


def _show_protection(breaches: BreachFigures, reviews: ReviewFigures) -> None:
    metrics.BREACHES_OPEN.set(breaches.open)
    metrics.BREACHES_OVERDUE.set(breaches.overdue)
    metrics.REVIEWS_PENDING.set(reviews.pending)
    metrics.REVIEWS_OVERDUE.set(reviews.overdue)


def _show_requests(figures: Mapping[RequestKind, RequestFigures]) -> None:
    for kind, counted in figures.items():
        metrics.DATA_SUBJECT_REQUESTS_OPEN.labels(kind).set(counted.open)
        metrics.DATA_SUBJECT_REQUESTS_OVERDUE.labels(kind).set(counted.overdue)


async def tell_reviews_due(queries: AssistanceQueries, clock: Clock) -> None:
    """Keep up to date how many needs of assistance somebody must ask about again."""

    async def tell() -> None:
        metrics.ASSISTANCE_REVIEWS_DUE.set(await queries.count_due(ward_day(clock())))

    await keep_doing("reviews", _POLL_S, tell)


async def tell_anomalies(queries: AnomalyQueries, clock: Clock) -> None:
    """Keep up to date how much was odd today in how callers look at persons."""

    async def tell() -> None:
        for kind, count in (await queries.count_today(clock())).items():
            metrics.ACCESS_ANOMALIES.labels(kind).set(count)

    await keep_doing("anomalies", _ANOMALIES_EVERY_S, tell)


def _show(figures: Mapping[CaseKind, CaseFigures]) -> None:
    for kind, counted in figures.items():
        metrics.CASES_OPEN.labels(kind).set(counted.open)
        metrics.CASES_OVERDUE.labels(kind).set(counted.overdue)
    whole = figures.values()
    in_time, timed = sum(one.in_time for one in whole), sum(one.timed for one in whole)
    electronic, submitted = (
        sum(one.electronic for one in whole),
        sum(one.submitted for one in whole),
    )
    metrics.CASES_IN_TIME.set(share(in_time, timed))
    metrics.CASES_ELECTRONIC.set(share(electronic, submitted))


async def ask_population_when_due(
    questions: PopulationOperations, registry: NationalPopulationRegistry
) -> None:
    """Ask the population database what is due, until cancelled; an outage of either side only delays.

    Any number of instances may: a question is taken by one at a time.
    """
    metrics.tell_from_the_start(metrics.POPULATION_ANSWERS, Verdict)
    free = asyncio.Semaphore(_ASK_AT_ONCE)
    async with asyncio.TaskGroup() as askers:
        while True:
            await free.acquire()
            context.request_id.set(context.accept_request_id(None))
            question = await _due(questions)
            if question is None:
                free.release()
                await asyncio.sleep(_ASK_EVERY_S)
                continue
            asking = askers.create_task(_ask(question, questions, registry))
            asking.add_done_callback(lambda _: free.release())


async def _due(questions: PopulationOperations) -> Question | None:
    try:
        return await questions.take_due()
    except DatabaseUnavailableError:
        logger().warning("questions_delayed")
    except Exception:  # noqa: BLE001 - the edge, as above
        logger().exception("questions_failed")
    return None


async def _ask(
    question: Question, questions: PopulationOperations, registry: NationalPopulationRegistry
) -> None:
    try:
        answer = await registry.verify(question)
        metrics.POPULATION_ANSWERS.labels(answer.verdict).inc()
        await questions.answered(question, answer.verdict)
    except DatabaseUnavailableError:
        logger().warning("questions_delayed")
    except Exception:  # noqa: BLE001 - the edge, as above
        logger().exception("questions_failed")
