"""Clocks that run in the service: steps, deadlines and messages, taken when due, and forgetting what nothing needs."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from chassis import context
from chassis.clock import Clock, ward_day
from chassis.errors import DatabaseUnavailableError
from chassis.repeating import keep_doing, while_there_is
from chassis.storage.object_store import ObjectStoreUnavailableError
from chassis.telemetry import metrics
from chassis.telemetry.log import logger
from incidents.clients.dispatch import DispatchCentre
from incidents.clients.gateways import Messenger
from incidents.clients.webhooks import WebhookClient
from incidents.domain.duty.deliveries import Outcome, Outgoing
from incidents.domain.lifecycle.handovers import Handover
from incidents.domain.reviews import periods
from incidents.domain.reviews.indicators import BY_PREMISES, Figure
from incidents.domain.webhooks import Delivery
from incidents.operations.after_action_reviews import AfterActionReviewOperations
from incidents.operations.attachments import AttachmentOperations
from incidents.operations.deliveries import DeliveryOperations
from incidents.operations.handovers import HandoverOperations
from incidents.operations.reports import ReportOperations
from incidents.operations.roll_call import RollCallOperations
from incidents.operations.upkeep import UpkeepOperations
from incidents.operations.webhooks import WebhookOperations
from incidents.queries.figures import FigureQueries
from incidents.queries.indicators import IndicatorQueries

# A timer is never looked for later than this after it is due; a row that is locked just now is tried again after the
# shorter pause.
_LONGEST_S = 1.0
_SHORTEST_S = 0.02
_RETRY_S = 1.0
# How often messages to people are looked for while there are none.
_MESSAGES_EVERY_S = 0.5
_FORGET_EVERY_S = 3600.0
_FIGURES_EVERY_S = 5.0
_INDICATORS_EVERY_S = 60.0
# How often it is looked for actions that are due: what counts are days.
_REMIND_EVERY_S = 60.0
# How often deliveries to webhooks and offers are looked for while there are none, and how long arrived ones are known.
_DELIVER_EVERY_S = 1.0
_DELIVERIES_KEPT = timedelta(days=30)


class Timers:
    """Takes what becomes due; any number of instances may run, each timer is taken once."""

    def __init__(
        self,
        take_due: Callable[[], Awaitable[int]],
        next_due_at: Callable[[], Awaitable[datetime | None]],
        clock: Clock,
    ) -> None:
        self._take_some = take_due
        self._next_due_at = next_due_at
        self._clock = clock

    async def run(self) -> None:
        """Take timers until cancelled; an outage of the database only delays."""
        while True:
            pause_s = await self.take_all_due()
            await asyncio.sleep(pause_s)

    async def take_all_due(self) -> float:
        """Take every timer that is due; tell how long to sleep before the next, seconds."""
        try:
            while await self._take_due():
                pass
            return pause(await self._next_due_at(), self._clock())
        except DatabaseUnavailableError as error:
            logger().warning("timers_delayed", cause=error.reason)
        except Exception:  # noqa: BLE001 - the edge: logged once, then tried again; briefs must stay readable
            logger().exception("timers_failed")
        return _RETRY_S

    async def _take_due(self) -> int:
        context.request_id.set(context.accept_request_id(None))
        return await self._take_some()


class Deliveries:
    """Sends messages as they become due; any number of instances may run, each attempt is made by one."""

    def __init__(self, operations: DeliveryOperations, messenger: Messenger) -> None:
        self._operations = operations
        self._messenger = messenger

    async def run(self) -> None:
        """Send until cancelled; a failure only delays, and what was begun is tried again."""
        await self._messenger.prepare()
        send = partial(while_there_is, self.send_due)
        await keep_doing("deliveries", _MESSAGES_EVERY_S, send)

    async def send_due(self) -> int:
        """Send what is due now, all together, and tell how many.

        An attempt is counted before it is made: a crash in between may send a message twice, under one receipt, and
        loses none.
        """
        outgoing = await self._operations.take_due()
        if outgoing:
            sent = await asyncio.gather(*map(self._sent, outgoing))
            await self._operations.keep(sent)
        return len(outgoing)

    async def _sent(self, outgoing: Outgoing) -> tuple[Outgoing, Outcome]:
        try:
            return outgoing, await self._messenger.send(outgoing)
        except Exception:  # noqa: BLE001 - one gateway that fails in a new way must not hold up the others
            # Not the error: it may name an address.
            logger().error("gateway_failed", channel=outgoing.channel)
            return outgoing, Outcome.REFUSED


def pause(next_due_at: datetime | None, now: datetime) -> float:
    """Tell how long to sleep, seconds: until the next timer, but not so long that a new one could be missed."""
    if next_due_at is None:
        return _LONGEST_S
    return min(_LONGEST_S, max(_SHORTEST_S, (next_due_at - now).total_seconds()))


async def forget_reports_hourly(operations: ReportOperations) -> None:
    """Forget what reports say whose time is over, until cancelled; a failure only delays."""

    async def forget() -> None:
        if forgotten := await operations.forget_expired():
            logger().info("reports_forgotten", reports=forgotten)

    await keep_doing("forgetting", _FORGET_EVERY_S, forget)


async def forget_roll_calls_hourly(operations: RollCallOperations) -> None:
    """Forget roll-calls whose time is over, until cancelled; a failure only delays."""

    async def forget() -> None:
        if forgotten := await operations.forget_roll_calls():
            logger().info("roll_call_marks_forgotten", marks=forgotten)

    await keep_doing("forgetting", _FORGET_EVERY_S, forget)


async def remind_of_actions(operations: AfterActionReviewOperations) -> None:
    """Tell of actions that they are due, until cancelled; a failure only delays."""
    await keep_doing("reminding", _REMIND_EVERY_S, partial(while_there_is, operations.remind_due))


async def forget_attachments_hourly(operations: AttachmentOperations) -> None:
    """Forget photos and files whose time is over, and delete what is left of them, until cancelled."""

    async def forget() -> None:
        if forgotten := await operations.forget():
            logger().info("attachments_forgotten", attachments=forgotten)
        if deleted := await operations.tidy_store():
            logger().info("objects_deleted", objects=deleted)

    outages = (DatabaseUnavailableError, ObjectStoreUnavailableError)
    await keep_doing("forgetting", _FORGET_EVERY_S, forget, outages)


async def forget_hourly(operations: UpkeepOperations, kept: timedelta) -> None:
    """Forget events the stream cannot deliver again, and requests as old, until cancelled; a failure only delays."""

    async def forget() -> None:
        await operations.forget_events(kept)
        await operations.forget_requests(kept)

    await keep_doing("forgetting", _FORGET_EVERY_S, forget)


async def tell_figures(queries: FigureQueries, clock: Clock) -> None:
    """Keep up to date for whoever watches the metrics what is open and what is late, until cancelled."""

    async def tell() -> None:
        await _show(queries, clock())

    await keep_doing("figures", _FIGURES_EVERY_S, tell)


async def _show(queries: FigureQueries, now: datetime) -> None:
    for priority, figures in (await queries.incidents(now)).items():
        metrics.INCIDENTS_OPEN.labels(priority).set(figures.open)
        metrics.INCIDENTS_UNACKNOWLEDGED.labels(priority).set(figures.unacknowledged)
        metrics.INCIDENTS_OVERDUE.labels(priority).set(figures.overdue)
    for clock, overdue in (await queries.overdue_deadlines(now)).items():
        metrics.REPORTS_OVERDUE.labels(clock).set(overdue)
    actions = await queries.review_actions(ward_day(now))
    metrics.REVIEW_ACTIONS_OPEN.set(actions.open)
    metrics.REVIEW_ACTIONS_OVERDUE.set(actions.overdue)


async def tell_indicators(queries: IndicatorQueries, clock: Clock) -> None:
    """Keep up to date likewise the figures of the present month and year, until cancelled."""

    async def tell() -> None:
        await _show_indicators(queries, clock())

    await keep_doing("indicators", _INDICATORS_EVERY_S, tell)


async def _show_indicators(queries: IndicatorQueries, now: datetime) -> None:
    today = ward_day(now)
    month = await queries.figures(periods.month_of(today).code, now)
    year = await queries.figures(periods.year_of(today).code, now)
    # Parts of the month before are not those of this one. Nobody scrapes in between: nothing is awaited.
    metrics.INDICATOR_NUMERATOR.clear()
    metrics.INDICATOR_DENOMINATOR.clear()
    metrics.INDICATOR_SECONDS.clear()
    for period, told in (("month", month), ("year", year)):
        for figure in told.figures:
            # Premises are no labels.
            if figure.indicator.code != BY_PREMISES or not figure.part:
                _show_figure(figure, period)


def _show_figure(figure: Figure, period: str) -> None:
    indicator = figure.indicator
    labels = (indicator.code, figure.part, period, indicator.basis.lower())
    if figure.numerator is not None:
        metrics.INDICATOR_NUMERATOR.labels(*labels).set(figure.numerator)
    if figure.denominator is not None:
        metrics.INDICATOR_DENOMINATOR.labels(*labels).set(figure.denominator)
    for quantile, seconds in (("0.5", figure.median_s), ("0.95", figure.p95_s)):
        if seconds is not None:
            metrics.INDICATOR_SECONDS.labels(*labels, quantile).set(seconds)


class WebhookDeliveries:
    """Sends deliveries as they become due; any number of instances may run, each takes others."""

    def __init__(self, operations: WebhookOperations, client: WebhookClient) -> None:
        self._operations = operations
        self._client = client

    async def run(self) -> None:
        """Send until cancelled; an outage of the database or of a receiver only delays."""
        await keep_doing("webhooks", _DELIVER_EVERY_S, partial(while_there_is, self.send_due))

    async def send_due(self) -> int:
        """Send some that are due, all at once; tell how many."""
        due = await self._operations.take_due()
        await asyncio.gather(*map(self._send, due))
        return len(due)

    async def _send(self, delivery: Delivery) -> None:
        await self._operations.note(delivery, await self._client.send(delivery))


class HandoverFollowing:
    """Sends offers to the city's centre and asks how far they are; any number of instances may run."""

    def __init__(self, operations: HandoverOperations, centre: DispatchCentre) -> None:
        self._operations = operations
        self._centre = centre

    async def run(self) -> None:
        """Ask until cancelled; an outage of the database or of the centre only delays."""
        await keep_doing("handovers", _DELIVER_EVERY_S, partial(while_there_is, self.ask_due))

    async def ask_due(self) -> int:
        """Ask for some offers that are due, all at once; tell how many."""
        due = await self._operations.take_due()
        await asyncio.gather(*map(self._ask, due))
        return len(due)

    async def _ask(self, handover: Handover) -> None:
        incident = await self._operations.incident_of(handover)
        answer = await self._centre.ask(handover, incident)
        await self._operations.hear(handover.handover_id, handover.incident_id, answer)


async def forget_deliveries_hourly(operations: WebhookOperations) -> None:
    """Forget deliveries that arrived long ago, until cancelled; a failure only delays."""

    async def forget() -> None:
        await operations.forget_delivered(_DELIVERIES_KEPT)

    await keep_doing("forgetting", _FORGET_EVERY_S, forget)
