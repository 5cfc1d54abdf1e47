"""Incidents at the running service against the plain model: over gRPC, in PostgreSQL."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any
from uuid import uuid4

import pytest
from grpc import aio
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from incidents import app
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken
from tests.incidents.conftest import MakeSettings
from tests.incidents.lifecycle_model import Carrier, IncidentMachine, RefusedError
from tests.incidents.samples import Operations, Queries, StoppedClock, raise_alarm
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2, incidents_pb2_grpc, lifecycle_pb2, lifecycle_pb2_grpc

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
    "close": ("CloseIncident", {"disposition": fire.DISPOSITION_FIRE}),
    "dismiss": ("DismissIncident", {}),
    "transfer": (
        "TransferIncident",
        {"to": "Cảnh sát PCCC", "channel": lifecycle_pb2.TRANSFER_CHANNEL_TELEPHONE},
    ),
    "reopen": ("ReopenIncident", {"reason": "còn khói"}),
    "separate": ("SeparateIncident", {"reason": "hai nơi khác nhau"}),
    "merge": ("MergeIncident", {"reason": "cùng một đám cháy"}),
}
DURATIONS = ("acknowledge_s", "assign_s", "arrive_s", "control_s", "end_s")


class Office:
    """The running service for a thread that does not run its loop."""

    def __init__(
        self,
        channel: aio.Channel,
        make_token: MakeToken,
        operations: Operations,
        queries: Queries,
        clock: StoppedClock,
    ) -> None:
        self._stubs = (
            incidents_pb2_grpc.IncidentsServiceStub(channel),
            lifecycle_pb2_grpc.LifecycleServiceStub(channel),
        )
        self._loop = asyncio.get_running_loop()
        self._token = make_token("duty_officer")
        self._operations = operations
        self._queries = queries
        self.clock = clock

    def call(self, method: str, **words: Any) -> Any:
        """Call a method; raises RefusedError."""
        invoke = next(getattr(stub, method) for stub in self._stubs if hasattr(stub, method))
        name = f"{method}Request"
        package = incidents_pb2 if hasattr(incidents_pb2, name) else lifecycle_pb2
        request = getattr(package, name)(**words)

        async def called() -> Any:
            return await invoke(request, metadata=(("authorization", f"Bearer {self._token}"),))

        try:
            return self._wait(called())
        except aio.AioRpcError as error:
            if error.code().name == "INTERNAL":
                raise
            raise RefusedError from error

    def new_incident(self) -> str:
        """Have a detector of new premises raise an alarm."""
        raised = raise_alarm(self._operations, self._queries, premises_id=str(uuid4()))
        return str(self._wait(raised).incident_id)

    def _wait(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(timeout=30)


class ServedIncidents:
    """Three incidents at the service."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._ids = [office.new_incident() for _ in range(3)]

    def act(self, number: int, act: str, **words: Any) -> None:
        """Do something, and once more under the same key, which changes nothing."""
        method, said = METHODS[act]
        if "other" in words:
            said = {**said, "into_incident_id": self._ids[words["other"]]}
        said = {**said, "incident_id": self._ids[number], "request_id": str(uuid4())}
        first = self._office.call(method, **said)
        assert self._office.call(method, **said) == first

    def told(self, number: int) -> dict[str, Any]:
        """Ask for the incident."""
        answer = self._office.call("GetIncident", incident_id=self._ids[number])
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
        }

    def wait(self, seconds: int) -> None:
        """Move the clock."""
        self._office.clock.advance(seconds)


@pytest.fixture
def clock() -> StoppedClock:
    """Give the time at which the test began: tokens are good then."""
    return StoppedClock(utc_now())


@pytest.fixture
async def office(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    operations: Operations,
    queries: Queries,
    clock: StoppedClock,
) -> AsyncGenerator[Office]:
    """Run the whole service at a stopped clock."""
    async with Lifecycle() as life:
        port = await app.start(life, make_settings(nats_server.url), clock)
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Office(channel, make_token, operations, queries, clock)


async def test_the_running_service_moves_incidents_as_the_plain_model_does(
    office: Office,
) -> None:
    """Merging, separating and reopening never change a duration wrongly; a repeat changes nothing."""

    class ServedMachine(IncidentMachine):
        def carrier(self) -> Carrier:
            return ServedIncidents(office)

    chosen = settings(
        max_examples=6,
        stateful_step_count=25,
        suppress_health_check=[HealthCheck.too_slow],
    )
    await asyncio.to_thread(run_state_machine_as_test, ServedMachine, settings=chosen)
