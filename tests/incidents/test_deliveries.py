"""Messages off the console: planned by the roster, sent by real gateways, tried again, and recorded."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from socket import socket
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiosmtpd.smtp import SMTP
from structlog.testing import capture_logs

from chassis.storage.database import Database
from incidents import tables
from incidents.clients.gateways import AppriseMessenger
from incidents.domain.duty.contacts import ContactSeal
from incidents.domain.duty.deliveries import Addressee, DeliveryRules, Owner, message_of, planned
from incidents.domain.duty.requests import DutyWanted, OfficerWanted, UnitWanted
from incidents.domain.duty.roster import Contact, ContactChannel, DutyFunction, Unit
from incidents.domain.incidents.requests import TaskWanted
from incidents.domain.lifecycle.owner_notices import About, Subject
from incidents.domain.lifecycle.task_requests import TaskMove
from incidents.domain.lifecycle.tasks import Task, TaskAct
from incidents.domain.reviews.after_action_reviews import (
    ReviewAction,
    ReviewActionEnd,
    ReviewActionState,
    ReviewActionWanted,
    ReviewWanted,
    end_of,
)
from incidents.domain.rules.escalation import Recipient
from incidents.domain.rules.kinds import IncidentKind
from incidents.operations.after_action_reviews import AfterActionReviewOperations
from incidents.operations.deliveries import DeliveryOperations
from incidents.operations.duty import DutyOperations
from incidents.operations.tasks import TaskOperations
from incidents.queries.deliveries import DeliveryQueries
from incidents.timers import Deliveries
from tests.incidents import samples
from tests.incidents.http_sink import HttpSink, listening
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    StoppedClock,
    acknowledgement,
    premises,
    raise_alarm,
    rows,
)

EMAIL, SMS = ContactChannel.EMAIL, ContactChannel.SMS
RULES = DeliveryRules(3, timedelta(seconds=5), timedelta(seconds=30), "a test", time(8))
HOUR = timedelta(hours=1)
STEP = About(Subject.INCIDENT, 0)
PHONE, MAILBOX, SECRET = "0100000009", "an@phuong.example", "s3cret"
SEAL = ContactSeal(samples.CONTENT_SEAL)


# Longer than any machine under load needs for a connection to itself.
PATIENCE_S = 60.0
PATIENT = f"cto={PATIENCE_S}&rto={PATIENCE_S}"


@dataclass
class Sink:
    """What real servers on loopback were sent, and where messages go: a file of gateways."""

    http: HttpSink
    gateways: Path
    mails: list[Message] = field(default_factory=list)
    smtp_port: int = 0
    # Where nobody listens.
    closed_port: int = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take an e-mail."""
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"

    @property
    def posts(self) -> list[dict[str, Any]]:
        """What text messages said."""
        return [json.loads(one.content) for one in self.http.received]

    @property
    def keys(self) -> list[str]:
        """Their idempotency keys."""
        return [one.headers["idempotency-key"] for one in self.http.received]

    def mail_url(self, port: int) -> str:
        """Write where e-mails go."""
        sender = "from=truc-ban@phuong.example&to={to}&mode=insecure"
        return f"mailto://127.0.0.1:{port}/?{sender}&{PATIENT}"

    def configure(self, **urls: str) -> None:
        """Write where the gateways are."""
        sms = f"json://127.0.0.1:{self.http.port}/{SECRET}"
        said = {
            "EMAIL": self.mail_url(self.smtp_port),
            "SMS": f"{sms}?+Idempotency-Key={{receipt}}&:to={{to}}&{PATIENT}",
            **urls,
        }
        self.gateways.write_text(json.dumps(said))


@pytest.fixture
async def sink(tmp_path: Path) -> AsyncGenerator[Sink]:
    """Run an SMTP server and an HTTP server, and hold a port at which nobody listens."""
    loop = asyncio.get_running_loop()
    with socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with listening() as http:
            made = Sink(http, tmp_path / "gateways.json", closed_port=closed.getsockname()[1])
            smtp = await loop.create_server(
                lambda: SMTP(made, hostname="localhost", loop=loop), "127.0.0.1", 0
            )
            async with smtp:
                made.smtp_port = smtp.sockets[0].getsockname()[1]
                made.configure()
                yield made


@pytest.fixture
async def sender(database: Database, clock: StoppedClock, sink: Sink) -> Deliveries:
    """Make the sender of one instance, with an officer on duty who has an e-mail address and a telephone."""
    await enter_officer(database, clock, "an")
    return instance(database, clock, sink)


def instance(database: Database, clock: StoppedClock, sink: Sink) -> Deliveries:
    """Make the sender of an instance."""
    operations = DeliveryOperations(database, clock, SEAL, "https://phuong.example/")
    return Deliveries(operations, AppriseMessenger(sink.gateways, PATIENCE_S))


async def enter_officer(database: Database, clock: StoppedClock, account: str) -> None:
    """Enter a duty officer."""
    duties = DutyOperations(database, clock, SEAL)
    write = {"account": "chi", "digest": b""}
    await duties.set_unit(UnitWanted(**write, request_id=str(uuid4()), unit=Unit("to-1", "Tổ 1")))
    contacts = (Contact(EMAIL, MAILBOX), Contact(SMS, PHONE))
    officer = {"officer": account, "unit_code": "to-1", "contacts": contacts}
    await duties.set_officer(OfficerWanted(**write, request_id=str(uuid4()), **officer))
    await duties.enter_duty(
        DutyWanted(
            **write,
            request_id=str(uuid4()),
            function=DutyFunction.DUTY_OFFICER,
            officer=account,
            begins_at=NIGHT,
            ends_at=None,
        )
    )


async def states(database: Database) -> dict[str, str]:
    """Tell how far the message by each channel is."""
    return {row.channel: row.state for row in await rows(database, tables.deliveries)}


async def outcomes(database: Database) -> list[str]:
    """Tell what came of the attempts, in order of time."""
    return [row.outcome for row in await rows(database, tables.delivery_attempts, "at")]


def text_of(mail: Message) -> str:
    """Read what an e-mail says as plain text."""
    (plain,) = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    content = plain.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def test_each_channel_waits_for_those_before_it() -> None:
    """And each attempt twice as long as the one before, up to the last."""
    incident_id = UUID(int=7)
    addressee = Addressee(Recipient.DUTY_OFFICER, "an")
    one, two = planned(incident_id, STEP, addressee, [EMAIL, SMS], NIGHT, RULES)

    assert (one.due_at, two.due_at) == (NIGHT, NIGHT + timedelta(seconds=30))
    assert one.delivery_id != two.delivery_id
    assert planned(incident_id, STEP, addressee, [EMAIL], NIGHT, RULES) == [one]
    waits = [RULES.after(attempt, NIGHT) for attempt in (1, 2, 3)]
    assert waits == [NIGHT + timedelta(seconds=5), NIGHT + timedelta(seconds=10), None]


@pytest.mark.postgres
async def test_of_a_crime_no_message_says_where(operations: Operations, queries: Queries) -> None:
    """Kind and number only."""
    incident = await raise_alarm(operations, queries)
    crime = type(incident)(**{**vars(incident), "kind": IncidentKind.CRIME_REPORT})

    assert incident.place in message_of(incident, "Báo cháy tự động", "", STEP).text
    assert incident.place not in message_of(crime, "Tin báo về tội phạm", "", STEP).text


@pytest.mark.postgres
async def test_who_is_on_duty_is_told_by_the_first_channel(
    operations: Operations, queries: Queries, database: Database, sender: Deliveries, sink: Sink
) -> None:
    """What, where, how urgent and the link; once it is confirmed no other channel is tried."""
    incident = await raise_alarm(operations, queries)
    while await sender.send_due():
        pass
    (mail,) = sink.mails

    assert MAILBOX in mail["To"]
    for said in (
        incident.number,
        "mức P2",
        f"https://phuong.example/incidents/{incident.incident_id}",
    ):
        assert said in text_of(mail)
    assert await states(database) == {"EMAIL": "CONFIRMED", "SMS": "CANCELLED"}
    (attempt,) = await rows(database, tables.delivery_attempts)
    assert (attempt.outcome, attempt.receipt) == ("TAKEN", str(attempt.delivery_id))
    assert sink.posts == []


@pytest.mark.postgres
async def test_the_second_channel_is_tried_when_the_first_does_not_confirm_in_time(
    operations: Operations,
    queries: Queries,
    database: Database,
    sender: Deliveries,
    sink: Sink,
    clock: StoppedClock,
) -> None:
    """Meanwhile the first is tried again, later each time; every attempt is recorded."""
    sink.configure(EMAIL=sink.mail_url(sink.closed_port))
    await raise_alarm(operations, queries)
    for seconds in (0, 4, 1, 10, 15):
        clock.advance(seconds)
        await sender.send_due()

    assert await outcomes(database) == ["REFUSED", "REFUSED", "REFUSED", "TAKEN"]
    assert await states(database) == {"EMAIL": "CANCELLED", "SMS": "CONFIRMED"}
    assert [post["to"] for post in sink.posts] == [PHONE]
    (row,) = [one for one in await rows(database, tables.deliveries) if one.channel == "SMS"]
    assert sink.keys == [str(row.delivery_id)]


@pytest.mark.postgres
async def test_a_channel_without_a_gateway_gives_way_at_once(
    operations: Operations, queries: Queries, database: Database, sender: Deliveries, sink: Sink
) -> None:
    """Nobody waits for what can never confirm."""
    sink.configure(EMAIL="")
    await raise_alarm(operations, queries)
    while await sender.send_due():
        pass

    assert sorted(await outcomes(database)) == ["TAKEN", "UNREACHABLE"]
    assert await states(database) == {"EMAIL": "FAILED", "SMS": "CONFIRMED"}


@pytest.mark.postgres
async def test_nobody_is_reached_once_somebody_took_it_on(
    operations: Operations, queries: Queries, database: Database, sender: Deliveries, sink: Sink
) -> None:
    """What waits is cancelled."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await sender.send_due()

    assert await states(database) == {"EMAIL": "CANCELLED", "SMS": "WAITING"}
    assert (sink.mails, sink.posts) == ([], [])


async def give(
    database: Database, clock: StoppedClock, incident_id: UUID, by: str = "chi"
) -> Task:
    """Give the officer a task that is due in an hour."""
    asked = TaskWanted(
        incident_id, by, str(uuid4()), b"task", "an", "kiểm tra tầng 2", "", NIGHT + HOUR
    )
    tasks = TaskOperations(database, samples.relay(database, clock), clock)
    task = await tasks.give(asked)
    assert await tasks.give(asked) == task
    return task


async def with_action(reviews: AfterActionReviewOperations, incident_id: UUID) -> ReviewAction:
    """Review a closed incident, and give the officer an action of the term in force."""
    review = ReviewWanted("chi", "review-1", b"", incident_id, 0, "cháy bếp", "", "cửa khóa", ())
    await reviews.write(review)
    wanted = ReviewActionWanted("chi", "action-1", b"", incident_id, "an", "mở cửa sau", None)
    return await reviews.add_action(wanted)


async def told_of(database: Database, subject: Subject) -> list[Any]:
    """Tell the messages about something."""
    return [row for row in await rows(database, tables.deliveries) if row.subject == subject]


@pytest.mark.postgres
async def test_who_is_given_a_task_is_told_until_they_answer(
    operations: Operations,
    queries: Queries,
    database: Database,
    sender: Deliveries,
    sink: Sink,
    clock: StoppedClock,
) -> None:
    """Once for each task, by the first channel; what is to be done is told on the console only."""
    incident = await raise_alarm(operations, queries)
    first = await give(database, clock, incident.incident_id)
    second = await give(database, clock, incident.incident_id)
    tasks = TaskOperations(database, samples.relay(database, clock), clock)
    await tasks.move(TaskMove(second.task_id, "an", str(uuid4()), b"move", TaskAct.DECLINE, "ốm"))
    while await sender.send_due():
        pass
    (mail,) = sink.mails
    subject = make_header(decode_header(mail["Subject"]))
    told = await told_of(database, Subject.TASK)

    assert str(subject) == "Nhiệm vụ: [P2] Báo cháy tự động"
    assert "Bạn được giao nhiệm vụ, hạn" in text_of(mail)
    assert incident.number in text_of(mail)
    assert first.task not in text_of(mail)
    assert {(row.subject_id, row.recipient, row.account) for row in told} == {
        (task.task_id, "owner", "an") for task in (first, second)
    }
    listed = await DeliveryQueries(database).of_incident(incident.incident_id)
    assert {one.delivery.addressee for one in listed if one.delivery.about.subject_id} == {
        Addressee(Owner.OWNER, "an")
    }
    assert {row.state for row in told if row.subject_id == first.task_id} == {
        "CONFIRMED",
        "CANCELLED",
    }
    assert "CONFIRMED" not in {row.state for row in told if row.subject_id == second.task_id}


@pytest.mark.postgres
async def test_of_a_task_that_nobody_needs_to_be_told_of_nobody_is_told(
    operations: Operations,
    queries: Queries,
    database: Database,
    sender: Deliveries,
    sink: Sink,
    clock: StoppedClock,
) -> None:
    """Who gives it to themselves knows it, and once the incident has ended it is none."""
    incident = await raise_alarm(operations, queries)
    await give(database, clock, incident.incident_id, by="an")
    assert await told_of(database, Subject.TASK) == []
    await give(database, clock, incident.incident_id)
    await operations.close(samples.closure(incident.incident_id))
    clock.advance(60)
    await sender.send_due()

    assert {row.state for row in await told_of(database, Subject.TASK)} == {"CANCELLED"}
    assert (sink.mails, sink.posts) == ([], [])


@pytest.mark.postgres
async def test_who_has_an_action_to_do_is_reminded_by_day_until_it_is_done(
    operations: Operations,
    queries: Queries,
    database: Database,
    sender: Deliveries,
    sink: Sink,
    clock: StoppedClock,
) -> None:
    """When it is due soon and once it is overdue, each time by the first channel, and not in the night."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(samples.closure(incident.incident_id))
    reviews = AfterActionReviewOperations(database, samples.relay(database, clock), clock)
    action = await with_action(reviews, incident.incident_id)
    assert action.remind_at is not None
    sent = []
    for midnight in (action.remind_at, end_of(action.due_on)):
        for now in (midnight, midnight + 8 * HOUR):
            clock.now = now
            while await reviews.remind_due() or await sender.send_due():
                pass
            sent.append(len(sink.mails))
    said = [text_of(mail) for mail in sink.mails]

    assert sent == [0, 1, 1, 2]
    assert f"sắp đến hạn: {action.due_on:%d/%m/%Y}" in said[0]
    assert f"đã quá hạn: {action.due_on:%d/%m/%Y}" in said[1]
    assert all(action.action not in one for one in said)
    told = await told_of(database, Subject.REVIEW_ACTION)
    assert sorted((row.step, row.channel, row.state) for row in told) == [
        (0, "EMAIL", "CONFIRMED"),
        (0, "SMS", "CANCELLED"),
        (1, "EMAIL", "CONFIRMED"),
        (1, "SMS", "CANCELLED"),
    ]


@pytest.mark.postgres
async def test_nobody_is_reminded_of_what_was_done_overnight(
    operations: Operations,
    queries: Queries,
    database: Database,
    sender: Deliveries,
    sink: Sink,
    clock: StoppedClock,
) -> None:
    """The reminder that waits for the morning is cancelled."""
    incident = await raise_alarm(operations, queries)
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(samples.closure(incident.incident_id))
    reviews = AfterActionReviewOperations(database, samples.relay(database, clock), clock)
    action = await with_action(reviews, incident.incident_id)
    assert action.remind_at is not None
    clock.now = action.remind_at
    await reviews.remind_due()
    ended = ReviewActionEnd(
        "an", str(uuid4()), b"end", action.action_id, ReviewActionState.DONE, "xong"
    )
    await reviews.end_action(ended)
    clock.advance(9 * 3600)
    await sender.send_due()

    assert {row.state for row in await told_of(database, Subject.REVIEW_ACTION)} == {"CANCELLED"}
    assert sink.mails == []


@pytest.mark.postgres
async def test_a_fire_reaches_the_contacts_of_its_premises(
    operations: Operations,
    queries: Queries,
    database: Database,
    clock: StoppedClock,
    sink: Sink,
) -> None:
    """At the step of the ladder that names them; their numbers are read when they are needed, and copied nowhere."""
    clock.now = datetime(2026, 11, 5, 19, 14, tzinfo=UTC)
    await operations.take_premises(uuid4(), premises())
    await raise_alarm(operations, queries, device_known=False)
    sender = instance(database, clock, sink)
    for _ in range(2):
        clock.advance(60)
        await operations.escalate_due()
    await sender.send_due()

    (row,) = await rows(database, tables.deliveries)
    assert (row.recipient, row.contact, row.state) == ("premises_contacts", 1, "CONFIRMED")
    assert [post["to"] for post in sink.posts] == ["0100 000 001"]


@pytest.mark.postgres
async def test_several_instances_send_each_message_once(
    operations: Operations,
    database: Database,
    sender: Deliveries,
    sink: Sink,
    clock: StoppedClock,
) -> None:
    """Ten incidents at once, three instances."""
    for number in range(10):
        await operations.take_raised_alarm(
            uuid4(), samples.alarm(premises_id=f"premises-{number}")
        )
    instances = [sender, *(instance(database, clock, sink) for _ in range(2))]
    while sum(await asyncio.gather(*(one.send_due() for one in instances))):
        pass

    assert await outcomes(database) == ["TAKEN"] * 10
    assert len({text_of(mail) for mail in sink.mails}) == len(sink.mails) == 10


@pytest.mark.postgres
async def test_neither_secrets_nor_addresses_are_logged(
    operations: Operations,
    queries: Queries,
    sender: Deliveries,
    sink: Sink,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever the gateway does."""
    caplog.set_level("DEBUG")
    sink.configure(
        EMAIL=f"json://{SECRET}:{SECRET}@127.0.0.1:{sink.closed_port}/{SECRET}?:to={{to}}"
    )
    await raise_alarm(operations, queries)
    with capture_logs() as logs:
        await sender.send_due()
    said = caplog.text + repr(logs)

    assert SECRET not in said
    assert MAILBOX not in said


@pytest.mark.parametrize("content", ["no json", "[]", None])
async def test_a_file_that_cannot_be_used_leaves_no_channel(
    content: str | None, tmp_path: Path
) -> None:
    """It is told without what it says."""
    gateways = tmp_path / "gateways.json"
    if content is not None:
        gateways.write_text(content)
    outgoing = samples.outgoing(MAILBOX)
    with capture_logs() as logs:
        outcome = await AppriseMessenger(gateways).send(outgoing)

    assert outcome == "UNREACHABLE"
    assert [one["event"] for one in logs] == ["gateways_file_unusable"]
