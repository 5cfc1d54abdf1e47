"""Incidents at the running service against the plain model: over gRPC, in PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from grpc import aio
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from chassis.storage.database import Database
from incidents import app, tables
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken
from tests.incidents.conftest import MakeSettings
from tests.incidents.lifecycle_model import Carrier, IncidentMachine, RefusedError, Told
from tests.incidents.samples import StoppedClock, rows
from ward.incidents.v1 import (
    categories_pb2,
    deadlines_pb2,
    deadlines_pb2_grpc,
    incidents_pb2,
    incidents_pb2_grpc,
    lifecycle_pb2,
    lifecycle_pb2_grpc,
    reports_pb2,
    reports_pb2_grpc,
)

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "acknowledge": ("AcknowledgeIncident", {}),
    "triage": ("TriageIncident", {"priority": incidents_pb2.PRIORITY_P1}),
    "assign": ("AssignIncident", {"assignee": "Tổ 1"}),
    "dispatch": ("DispatchIncident", {"assignee": "Đội 1"}),
    "en_route": ("AdvanceIncident", {"progress": lifecycle_pb2.PROGRESS_EN_ROUTE}),
    "on_scene": ("AdvanceIncident", {"progress": lifecycle_pb2.PROGRESS_ON_SCENE}),
    "controlled": ("AdvanceIncident", {"progress": lifecycle_pb2.PROGRESS_CONTROLLED}),
    "resolve": ("ResolveIncident", {}),
    "close": ("CloseIncident", {"outcome": incidents_pb2.OUTCOME_HANDLED}),
    "dismiss": ("DismissIncident", {}),
    "transfer": (
        "TransferIncident",
        {"to": "Cảnh sát PCCC", "channel": lifecycle_pb2.TRANSFER_CHANNEL_TELEPHONE},
    ),
    "reopen": ("ReopenIncident", {"reason": "còn khói"}),
    "separate": ("SeparateIncident", {"reason": "hai nơi khác nhau"}),
    "merge": ("MergeIncident", {"reason": "cùng một việc"}),
    "pause": ("PauseClocks", {"reason": "AWAITING_REPORTER", "note": "chờ ảnh chụp"}),
    "resume": ("ResumeClocks", {}),
    "correct": ("NoteIncident", {"text": "sai địa chỉ", "corrects": 1}),
}
DURATIONS = ("acknowledge_s", "assign_s", "arrive_s", "control_s", "end_s")
# A deadline of which it was told that it is over.
OVER = 2
PACKAGES = (incidents_pb2, lifecycle_pb2, deadlines_pb2, reports_pb2)


class Office:
    """The running service for a thread that does not run its loop."""

    def __init__(self, channel: aio.Channel, token: str, clock: StoppedClock) -> None:
        self._stubs = (
            incidents_pb2_grpc.IncidentsServiceStub(channel),
            lifecycle_pb2_grpc.LifecycleServiceStub(channel),
            deadlines_pb2_grpc.DeadlinesServiceStub(channel),
            reports_pb2_grpc.ReportsServiceStub(channel),
        )
        self._loop = asyncio.get_running_loop()
        self._token = token
        self.clock = clock

    def call(self, method: str, **words: Any) -> Any:
        """Call a method; raises RefusedError."""
        try:
            (answer,) = self.ask((method, words))
        except aio.AioRpcError as error:
            if error.code().name == "INTERNAL":
                raise
            raise RefusedError from error
        return answer

    def ask(self, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
        """Call some methods at once."""

        async def called() -> list[Any]:
            return await asyncio.gather(*(self._call(method, words) for method, words in calls))

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(timeout=30)

    async def _call(self, method: str, words: dict[str, Any]) -> Any:
        invoke = next(getattr(stub, method) for stub in self._stubs if hasattr(stub, method))
        name = f"{method}Request"
        package = next(one for one in PACKAGES if hasattr(one, name))
        request = getattr(package, name)(**words)
        return await invoke(request, metadata=(("authorization", f"Bearer {self._token}"),))


class ServedIncidents:
    """Incidents at the service."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._ids: list[str] = []
        self._reports: list[str] = []

    def now(self) -> datetime:
        """Tell the time of the service."""
        return self._office.clock.now

    def receive(self, category: str, into: int | None = None) -> None:
        """Receive a report by telephone."""
        answer = self._office.call(
            "CreateReport",
            request_id=str(uuid4()),
            category=category,
            channel=reports_pb2.REPORT_CHANNEL_TELEPHONE,
            description="nắp cống vỡ",
            address="số 1 phố Thử Nghiệm",
            incident_id="" if into is None else self._ids[into],
        )
        self._reports.append(answer.receipt.report_id)
        if into is None:
            self._ids.append(answer.incident_id)

    def act(self, number: int, act: str, **words: Any) -> None:
        """Do something, and once more under the same key, which changes nothing."""
        method, said = METHODS[act]
        if "other" in words:
            said = {**said, "into_incident_id": self._ids[words["other"]]}
        self._twice(method, {**said, "incident_id": self._ids[number]})

    def split(self, number: int, report: int) -> None:
        """Take a report out of an incident, likewise."""
        answer = self._twice(
            "SplitIncident",
            {
                "incident_id": self._ids[number],
                "report_ids": [self._reports[report]],
                "reason": "việc khác",
            },
        )
        self._ids.append(answer.split_off.incident_id)

    def told(self) -> Told:
        """Ask for everything."""
        *stories, reports, overdue = self._office.ask(
            *(("GetIncident", {"incident_id": one}) for one in self._ids),
            ("ListReports", {"page_size": 500}),
            ("ListDueDeadlines", {"filter": deadlines_pb2.DUE_FILTER_OVERDUE, "page_size": 500}),
        )
        owed = {one.report_id: _owed(one) for one in reports.reports}
        return Told(
            incidents=[self._story(one) for one in stories],
            owed=[owed[report_id] for report_id in self._reports],
            overdue={
                (self._reports.index(one.deadline.report_id), _clock(one.deadline.kind))
                for one in overdue.due
                if one.deadline.report_id in self._reports
            },
        )

    def _story(self, answer: Any) -> dict[str, Any]:
        incident, durations = answer.incident, answer.durations
        state = incidents_pb2.IncidentState.Name(incident.state)
        into = incident.duplicate_of
        return {
            "state": state.removeprefix("INCIDENT_STATE_"),
            "reopenings": incident.reopenings,
            "into": self._ids.index(into) if into else None,
            **{
                name: getattr(durations, name) if durations.HasField(name) else None
                for name in DURATIONS
            },
            "open_s": durations.open_s,
            "paused_s": durations.paused_s,
        }

    def wait(self, seconds: int) -> None:
        """Move the clock."""
        self._office.clock.advance(seconds)

    def _twice(self, method: str, said: dict[str, Any]) -> Any:
        keyed = {**said, "request_id": str(uuid4())}
        first, again = self._office.call(method, **keyed), self._office.call(method, **keyed)
        # What is told of a deadline in between counts as a version.
        for answer in (first, again):
            for field, _ in answer.ListFields():
                getattr(answer, field.name).ClearField("version")
        assert again == first
        return first


def _owed(report: reports_pb2.ReportSummary) -> dict[str, tuple[datetime, bool, bool]]:
    return {
        _clock(one.kind): (
            one.due_at.ToDatetime(UTC),
            one.HasField("met_at"),
            one.HasField("paused_at"),
        )
        for one in report.deadlines
    }


def _clock(kind: categories_pb2.ClockKind.ValueType) -> str:
    return categories_pb2.ClockKind.Name(kind).removeprefix("CLOCK_KIND_")


@pytest.fixture
def clock() -> StoppedClock:
    """Give the time at which the test began: tokens are good then."""
    return StoppedClock(utc_now())


@pytest.fixture
async def office(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    clock: StoppedClock,
) -> AsyncGenerator[Office]:
    """Run the whole service at a stopped clock; the token outlives the years that pass."""
    token = make_token("duty_officer", lifetime_s=100 * 366 * 86400)
    async with Lifecycle() as life:
        port = await app.start(life, make_settings(nats_server.url), clock)
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Office(channel, token, clock)


async def test_the_running_service_moves_incidents_as_the_plain_model_does(
    office: Office, database: Database
) -> None:
    """Merging, separating, splitting, pausing, reopening and correcting never change a duration or a term wrongly.

    A repeat changes nothing, and what is over was told once.
    """

    class ServedMachine(IncidentMachine):
        def carrier(self) -> Carrier:
            return ServedIncidents(office)

    chosen = settings(
        max_examples=6,
        stateful_step_count=25,
        suppress_health_check=[HealthCheck.too_slow],
    )
    await asyncio.to_thread(run_state_machine_as_test, ServedMachine, settings=chosen)
    async with asyncio.timeout(20):
        while any(one.next_at and one.next_at < office.clock.now for one in await owed(database)):
            await asyncio.sleep(0.05)
    told = Counter(one.kind for one in await rows(database, tables.timeline))

    assert told["breached"] == sum(one.told == OVER for one in await owed(database))


async def owed(database: Database) -> list[Any]:
    """Read all deadlines."""
    return await rows(database, tables.deadlines)
