"""After-action reviews: written of what is closed, revised and never lost, and followed until something was done."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import utc_now, ward_day, ward_time
from chassis.errors import DomainError
from chassis.storage.database import Database
from incidents import tables
from incidents.domain.incidents.incident import Incident
from incidents.domain.lifecycle.states import IncidentNotClosedError
from incidents.domain.reviews.after_action_reviews import (
    AfterActionReviewNotFoundError,
    AfterActionReviewRevisedError,
    ReviewAction,
    ReviewActionEnd,
    ReviewActionOfAnotherError,
    ReviewActionState,
    ReviewActionWanted,
    ReviewWanted,
    first_reminder,
)
from incidents.domain.reviews.periods import end_of
from incidents.operations.after_action_reviews import AfterActionReviewOperations
from incidents.queries.after_action_reviews import AfterActionReviewQueries
from incidents.queries.figures import FigureQueries
from incidents.timers import remind_of_actions, tell_figures
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    NIGHT,
    OFFICER,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    closure,
    events,
    raise_alarm,
    relay,
    rows,
)
from ward.incidents.v1 import after_action_reviews_pb2 as pb

MONDAY = date(2026, 11, 30)
ACTION = ReviewAction(
    UUID(int=1), UUID(int=2), "an", "thay pin đầu báo", MONDAY, "chi", NIGHT, remind_at=NIGHT
)
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(DAYS, st.integers(0, 5), DAYS)
def test_a_reminder_comes_in_time_and_never_at_once(
    due_on: date, before: int, today: date
) -> None:
    """So many working days lie between; whoever got the action too late for that is told once its day is past."""
    calendar, now = WorkingCalendar(), ward_time(today, 9)
    at = first_reminder(due_on, before, calendar, now)

    assert at > now or at == end_of(due_on)
    if at != end_of(due_on):
        days = (at + timedelta(days=one) for one in range((due_on - ward_day(at)).days))
        assert sum(calendar.is_working(ward_day(day)) for day in days) == before


def test_what_is_due_is_told_twice_and_what_has_ended_no_more() -> None:
    """Once before, once when its day is past."""
    soon = ward_time(date(2026, 11, 26))
    told = ACTION.reminded(soon)
    overdue = told.reminded(end_of(MONDAY))
    done = ACTION.ended(ReviewActionState.DONE, "đã thay", "an", soon)

    assert (told.remind_at, overdue.remind_at, done.remind_at) == (end_of(MONDAY), None, None)
    assert told.is_to_remind(end_of(MONDAY))
    assert not told.is_to_remind(soon)
    assert ACTION.overdue(end_of(MONDAY))
    assert not ACTION.overdue(ward_time(MONDAY, 23))
    assert not done.overdue(end_of(MONDAY))


@pytest.mark.parametrize("due_on", [MONDAY, date.max])
def test_an_action_is_overdue_once_its_day_is_past(due_on: date) -> None:
    """Also one whose day is the last of all, after which none comes."""
    action = replace(ACTION, due_on=due_on)
    last_moment = ward_time(due_on, 23) + timedelta(minutes=59, seconds=59)

    assert not action.overdue(last_moment)
    assert action.overdue(end_of(MONDAY)) is (due_on == MONDAY)


def test_its_owner_or_whoever_gave_it_ends_an_action_once() -> None:
    """Nobody else, and nobody again."""
    dropped = ACTION.ended(ReviewActionState.DROPPED, "trùng", "chi", NIGHT)

    with pytest.raises(ReviewActionOfAnotherError):
        ACTION.ended(ReviewActionState.DONE, "", "binh", NIGHT)
    with pytest.raises(DomainError, match="REVIEW_ACTION_ENDED"):
        dropped.ended(ReviewActionState.DONE, "", "an", NIGHT)
    assert (dropped.ended_by, dropped.result) == ("chi", "trùng")


@pytest.fixture
def reviews(database: Database, clock: StoppedClock) -> AfterActionReviewOperations:
    """Make the operations under the clock of the test."""
    return AfterActionReviewOperations(database, relay(database, clock), clock)


def writing(incident: Incident, **fields: Any) -> ReviewWanted:
    """Ask to write a review."""
    said = {
        "account": OFFICER,
        "request_id": str(uuid4()),
        "digest": b"review",
        "incident_id": incident.incident_id,
        "revises": 0,
        "happened": "cháy bếp, dập trong 6 phút",
        "went_well": "đến nhanh",
        "went_badly": "cửa sau khóa",
        "participants": ("an", "chi"),
    }
    return ReviewWanted(**{**said, **fields})


def giving(incident: Incident, **fields: Any) -> ReviewActionWanted:
    """Ask to give an action."""
    said = {
        "account": OFFICER,
        "request_id": str(uuid4()),
        "digest": b"action",
        "incident_id": incident.incident_id,
        "owner": "an",
        "action": "mở khóa cửa sau",
        "due_on": None,
    }
    return ReviewActionWanted(**{**said, **fields})


async def closed_incident(operations: Operations, queries: Queries) -> Incident:
    """Have a fire alarm be closed."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(closure(incident.incident_id))
    return incident


@pytest.mark.postgres
async def test_only_a_closed_incident_is_reviewed_and_no_action_comes_before(
    operations: Operations, queries: Queries, reviews: AfterActionReviewOperations
) -> None:
    """Nothing is kept of what was refused: not its request id either."""
    incident = await raise_alarm(operations, queries)
    review = writing(incident)
    with pytest.raises(IncidentNotClosedError):
        await reviews.write(review)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(closure(incident.incident_id))
    with pytest.raises(AfterActionReviewNotFoundError):
        await reviews.add_action(giving(incident))

    assert (await reviews.write(review)).revision == 1


@pytest.mark.postgres
async def test_a_review_is_revised_and_of_two_one_counts(
    operations: Operations,
    queries: Queries,
    reviews: AfterActionReviewOperations,
    database: Database,
) -> None:
    """Each revision stays; whoever revises what was revised meanwhile is told so; the incident stays as it ended."""
    incident = await closed_incident(operations, queries)
    first = writing(incident)
    written = await reviews.write(first)
    again = await reviews.write(first)
    fixes = [writing(incident, revises=1, happened=text) for text in ("cháy bếp", "cháy tủ điện")]
    outcomes = await asyncio.gather(*map(reviews.write, fixes), return_exceptions=True)
    with pytest.raises(AfterActionReviewRevisedError):
        await reviews.write(writing(incident, revises=7))
    told = await AfterActionReviewQueries(database).of_incident(incident.incident_id)
    kept = await rows(database, tables.after_action_reviews)
    story = await queries.story(incident.incident_id)

    assert again == written
    assert [type(one) for one in outcomes if isinstance(one, Exception)] == [
        AfterActionReviewRevisedError
    ]
    assert told.review.revision == 2
    assert [row.happened for row in kept] == [first.happened, told.review.happened]
    assert [entry.text for entry in story.timeline[-2:]] == [
        "Đã rút kinh nghiệm.",
        "Sửa bản rút kinh nghiệm (lần 2).",
    ]
    assert story.incident.state == "CLOSED"
    assert (await events(database))[-2:] == ["IncidentMoved", "IncidentMoved"]


@pytest.mark.postgres
async def test_an_action_without_a_day_has_the_term_in_force(
    operations: Operations, queries: Queries, reviews: AfterActionReviewOperations
) -> None:
    """Ten working days, as the rows say; a repeat gives no second."""
    incident = await closed_incident(operations, queries)
    await reviews.write(writing(incident))
    asked = giving(incident)
    given_ = await reviews.add_action(asked)
    story = await queries.story(incident.incident_id)

    assert story.timeline[-1].text == (
        "Rút kinh nghiệm: giao an: mở khóa cửa sau (hạn 20/01/2026)."
    )
    # From Tuesday 6 January 2026 on in the ward.
    assert given_.due_on == date(2026, 1, 20)
    assert given_.remind_at == ward_time(date(2026, 1, 16))
    assert await reviews.add_action(asked) == given_


@pytest.mark.postgres
async def test_an_action_is_told_when_it_is_due_soon_and_overdue_once_each(
    operations: Operations,
    queries: Queries,
    reviews: AfterActionReviewOperations,
    database: Database,
    clock: StoppedClock,
) -> None:
    """By however many instances; an action that was ended is told no more."""
    incident = await closed_incident(operations, queries)
    await reviews.write(writing(incident))
    kept = await reviews.add_action(giving(incident))
    done = await reviews.add_action(giving(incident, owner="binh"))
    told = []
    for now in (NIGHT, kept.remind_at, end_of(kept.due_on), end_of(kept.due_on)):
        assert now is not None
        clock.now = now
        await asyncio.gather(*(reviews.remind_due() for _ in range(3)))
        while await reviews.remind_due():
            pass
        told.append((await events(database)).count("ReviewActionDue"))
        if now == kept.remind_at:
            ended = ReviewActionEnd(
                OFFICER, str(uuid4()), b"end", done.action_id, ReviewActionState.DONE, "xong"
            )
            await reviews.end_action(ended)
            assert (await reviews.end_action(ended)).state is ReviewActionState.DONE
    story = await queries.story(incident.incident_id)

    assert told == [0, 2, 3, 3]
    assert [entry.text for entry in story.timeline[-2:]] == [
        "Việc rút kinh nghiệm của binh đã xong. Ghi chú: xong",
        "Việc rút kinh nghiệm của an đã quá hạn 20/01/2026.",
    ]


@pytest.mark.postgres
async def test_the_clock_reminds_and_the_metrics_say_what_is_overdue(
    operations: Operations,
    queries: Queries,
    reviews: AfterActionReviewOperations,
    database: Database,
    clock: StoppedClock,
) -> None:
    """As they run in the service."""
    incident = await closed_incident(operations, queries)
    await reviews.write(writing(incident))
    await reviews.add_action(giving(incident))
    await reviews.add_action(giving(incident, due_on=date(2026, 3, 2)))
    clock.now = end_of(date(2026, 1, 20))
    running = [
        asyncio.create_task(remind_of_actions(reviews)),
        asyncio.create_task(tell_figures(FigureQueries(database), clock)),
    ]

    def value(name: str) -> float | None:
        return REGISTRY.get_sample_value(name)

    async with asyncio.timeout(30):
        while "ReviewActionDue" not in await events(database):
            await asyncio.sleep(0.01)
        while (value("ward_review_actions_open"), value("ward_review_actions_overdue")) != (2, 1):
            await asyncio.sleep(0.01)
    for task in running:
        task.cancel()


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_review_is_written_and_followed_to_its_end(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """By officers over the contract; lists tell what is open, whose, and what is overdue."""
    incident = await closed_incident(operations, queries)
    incident_id = str(incident.incident_id)
    writing_ = pb.WriteAfterActionReviewRequest(
        incident_id=incident_id,
        request_id=str(uuid4()),
        happened="cháy bếp, dập trong 6 phút",
        went_badly="cửa sau khóa",
        participants=["an", "binh", "an"],
    )
    review = (await service.call("WriteAfterActionReview", writing_, "fire_officer")).review
    today = ward_day(utc_now())

    async def added(owner: str, days: int | None) -> pb.ReviewAction:
        due_on = "" if days is None else (today + timedelta(days=days)).isoformat()
        asked = pb.AddReviewActionRequest(
            incident_id=incident_id,
            request_id=str(uuid4()),
            owner=owner,
            action="mở khóa cửa sau",
            due_on=due_on,
        )
        action: pb.ReviewAction = (await service.call("AddReviewAction", asked)).action
        return action

    soon, later, term = await added("an", 0), await added("binh", 400), await added("an", None)
    listed = pb.ListReviewActionsRequest(page_size=2)
    first = await service.call("ListReviewActions", listed, "ward_executive")
    listed.page_token = first.next_page_token
    last = await service.call("ListReviewActions", listed, "ward_executive")
    hers = await service.call("ListReviewActions", pb.ListReviewActionsRequest(owner="binh"))
    overdue = await service.call(
        "ListReviewActions", pb.ListReviewActionsRequest(overdue_only=True)
    )

    def ending(**fields: Any) -> pb.EndReviewActionRequest:
        said = {
            "action_id": soon.action_id,
            "request_id": str(uuid4()),
            "state": pb.REVIEW_ACTION_STATE_DONE,
            "result": "đã mở",
        }
        return pb.EndReviewActionRequest(**{**said, **fields})

    stranger = await service.refusal("EndReviewAction", ending(), "responder", "binh")
    ended = (await service.call("EndReviewAction", ending(), "responder", "an")).action
    twice = await service.refusal("EndReviewAction", ending(), "responder", "an")
    told = await service.call(
        "GetAfterActionReview", pb.GetAfterActionReviewRequest(incident_id=incident_id)
    )

    assert [one.action_id for one in (*first.actions, *last.actions)] == [
        one.action_id for one in (soon, term, later)
    ]
    assert last.next_page_token == ""
    assert [one.action_id for one in hers.actions] == [later.action_id]
    assert list(overdue.actions) == []
    assert (stranger.reason, twice.reason) == ("REVIEW_ACTION_OF_ANOTHER", "REVIEW_ACTION_ENDED")
    assert (ended.state, ended.ended_by) == (pb.REVIEW_ACTION_STATE_DONE, "an")
    assert told.review == review
    assert list(review.participants) == ["an", "binh"]
    assert [one.state for one in told.actions] == [
        pb.REVIEW_ACTION_STATE_DONE,
        pb.REVIEW_ACTION_STATE_OPEN,
        pb.REVIEW_ACTION_STATE_OPEN,
    ]


@pytest.mark.postgres
@pytest.mark.nats
async def test_what_cannot_be_is_refused(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """Identification numbers, days that are past, ends that are none, and what is not there."""
    incident_id = str((await closed_incident(operations, queries)).incident_id)
    yesterday = (ward_day(utc_now()) - timedelta(days=2)).isoformat()
    key = {"request_id": str(uuid4())}
    review = {**key, "incident_id": incident_id, "happened": "cháy bếp"}
    action = {**key, "incident_id": incident_id, "owner": "an", "action": "mở cửa"}
    done = {"state": pb.REVIEW_ACTION_STATE_DONE, "result": "xong"}
    write, add, end = (
        pb.WriteAfterActionReviewRequest,
        pb.AddReviewActionRequest,
        pb.EndReviewActionRequest,
    )
    refused = [
        (await service.refusal(type(one).__name__.removesuffix("Request"), one)).reason
        for one in (
            write(**{**review, "happened": ""}),
            write(**{**review, "went_well": "gặp 999099000001"}),
            write(**{**review, "participants": ["an", "không phải tài khoản"]}),
            add(**{**action, "action": ""}),
            add(**{**action, "due_on": yesterday}),
            end(**key, action_id=str(uuid4()), state=pb.REVIEW_ACTION_STATE_OPEN, result="xong"),
            end(**key, action_id=str(uuid4()), state=pb.REVIEW_ACTION_STATE_DONE),
            pb.ListReviewActionsRequest(page_token="x"),
            end(**key, action_id="x", **done),
            end(**key, action_id=str(uuid4()), **done),
            add(**action),
            pb.GetAfterActionReviewRequest(incident_id=incident_id),
            write(**{**review, "incident_id": str(uuid4())}),
        )
    ]

    assert refused == [
        *["FIELD_INVALID"] * 7,
        "PAGE_TOKEN_INVALID",
        *["REVIEW_ACTION_NOT_FOUND"] * 2,
        *["AFTER_ACTION_REVIEW_NOT_FOUND"] * 2,
        "INCIDENT_NOT_FOUND",
    ]


def test_an_action_that_was_reminded_of_stays_what_it_was() -> None:
    """Only when it is told next changes."""
    assert replace(ACTION.reminded(NIGHT), remind_at=NIGHT) == ACTION
