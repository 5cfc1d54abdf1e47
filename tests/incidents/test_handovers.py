"""Handing over to the city's centre: sent until it has it, counted there once, and never believed backwards."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import ServiceUnavailableError
from chassis.rpc import grpc_client
from chassis.storage.database import Database
from incidents import tables
from incidents.clients.dispatch import DispatchClient
from incidents.domain.lifecycle.handovers import (
    FINAL,
    CentreAnswer,
    Handover,
    HandoverPendingError,
    HandoverState,
    HandoverWanted,
)
from incidents.operations.handovers import HandoverOperations
from incidents.queries.handovers import HandoverQueries
from incidents.timers import HandoverFollowing
from simulator.dispatch.command import advance
from simulator.dispatch.server import DispatchServer, Fault
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken
from tests.incidents.conftest import MakeSettings, running
from tests.incidents.samples import (
    NIGHT,
    OFFICER,
    Operations,
    Queries,
    StoppedClock,
    raise_alarm,
    relay,
    rows,
)
from ward.dispatch.v1 import dispatch_pb2
from ward.incidents.v1 import handovers_pb2 as pb
from ward.incidents.v1 import incidents_pb2, reports_pb2

_LATER = timedelta(minutes=2)


class Centre(DispatchServer):
    """The simulated centre, and what follows the ward's offers to it."""

    following: HandoverFollowing
    offering: HandoverOperations
    clock: StoppedClock

    async def ask(self, times: int = 1) -> None:
        """Have the ward ask, each time later than it would wait at most."""
        for _ in range(times):
            await self.following.ask_due()
            self.clock.now += _LATER


@pytest.fixture
async def centre(database: Database, clock: StoppedClock) -> AsyncGenerator[Centre]:
    """Run a centre on a real port, and what asks it under a clock that stands still."""
    made = Centre()
    server, port = await made.serve("127.0.0.1:0")
    channel = grpc_client.channel(f"127.0.0.1:{port}")
    made.clock = clock
    made.offering = HandoverOperations(database, relay(database, clock), clock, has_centre=True)
    made.following = HandoverFollowing(made.offering, DispatchClient(channel))
    yield made
    await channel.close()
    await server.stop(0)


def wanted(incident_id: UUID) -> HandoverWanted:
    """Offer an incident."""
    return HandoverWanted(incident_id, OFFICER, str(uuid4()), b"digest", "Khói nhiều ở tầng 2")


async def offered(centre: Centre, operations: Operations, queries: Queries) -> Handover:
    """Open a fire and offer it."""
    incident = await raise_alarm(operations, queries)
    return await centre.offering.offer(wanted(incident.incident_id))


async def told(database: Database) -> list[str]:
    """Read what the timeline says of handing over."""
    return [one.text for one in await rows(database, tables.timeline) if one.kind == "handover"]


@pytest.mark.postgres
async def test_an_offer_goes_its_way_and_each_step_is_told_once(
    centre: Centre, operations: Operations, queries: Queries, database: Database
) -> None:
    """However often the centre is asked; with its number, and how it ended."""
    handover = await offered(centre, operations, queries)
    await centre.ask(2)
    for state, remark in (
        (dispatch_pb2.OFFER_STATE_ACCEPTED, ""),
        (dispatch_pb2.OFFER_STATE_ON_SCENE, ""),
        (dispatch_pb2.OFFER_STATE_DISPOSED, "Đã dập tắt"),
    ):
        centre.decide(str(handover.handover_id), state, remark)
        await centre.ask(2)
    [now] = await HandoverQueries(database).of_incident(handover.incident_id)
    [known] = centre.offers.values()

    assert now.state is HandoverState.DISPOSED
    assert now.due_at is None
    assert known.times == 1
    assert known.asked.summary == "Khói nhiều ở tầng 2"
    assert [text.partition(".")[0] for text in await told(database)] == [
        "Đề nghị chuyển Trung tâm 114",
        "Trung tâm 114 đã nhận đề nghị",
        "Trung tâm 114 nhận vụ việc",
        "Lực lượng của Trung tâm 114 đã có mặt tại hiện trường",
        "Trung tâm 114 báo đã xử lý xong",
    ]
    assert "Đã dập tắt" in (await told(database))[-1]
    assert "114-000001" in (await told(database))[-1]


@pytest.mark.postgres
async def test_an_offer_outlasts_a_centre_that_is_down_or_lies_and_counts_once(
    centre: Centre, operations: Operations, queries: Queries, database: Database
) -> None:
    """Nothing is lost, nothing is believed of another offer or backwards, and the centre knows one offer."""
    centre.fault = Fault.DOWN
    handover = await offered(centre, operations, queries)
    await centre.ask(3)
    [down] = await HandoverQueries(database).of_incident(handover.incident_id)
    centre.fault = Fault.STRAYING
    await centre.ask(2)
    centre.fault = Fault.NONE
    await centre.ask()
    centre.decide(str(handover.handover_id), dispatch_pb2.OFFER_STATE_ACCEPTED)
    await centre.ask()
    centre.fault = Fault.LYING
    await centre.ask(2)
    [lied_to] = await HandoverQueries(database).of_incident(handover.incident_id)
    centre.fault = Fault.NONE
    advance(centre)
    await centre.ask()
    [after] = await HandoverQueries(database).of_incident(handover.incident_id)

    assert (down.state, down.unanswered) == (HandoverState.OFFERING, 3)
    assert (lied_to.state, lied_to.unanswered) == (HandoverState.ACCEPTED, 2)
    assert (after.state, after.unanswered) == (HandoverState.ON_SCENE, 0)
    assert list(centre.offers) == [str(handover.handover_id)]


@pytest.mark.postgres
async def test_an_incident_is_offered_once_at_a_time(
    centre: Centre, operations: Operations, queries: Queries, database: Database
) -> None:
    """A repeat is the same offer; after a refusal it may be offered again."""
    incident = await raise_alarm(operations, queries)
    asked = wanted(incident.incident_id)
    first = await centre.offering.offer(asked)
    again = await centre.offering.offer(asked)
    with pytest.raises(HandoverPendingError):
        await centre.offering.offer(wanted(incident.incident_id))
    await centre.ask()
    centre.decide(str(first.handover_id), dispatch_pb2.OFFER_STATE_REJECTED, "Hết xe")
    await centre.ask()
    second = await centre.offering.offer(wanted(incident.incident_id))
    found = await HandoverQueries(database).of_incident(incident.incident_id)

    assert again.handover_id == first.handover_id
    assert [one.handover_id for one in found] == [first.handover_id, second.handover_id]
    assert found[0].state is HandoverState.REJECTED
    assert found[0].remark == "Hết xe"


@pytest.mark.postgres
async def test_a_rejected_offer_is_over_and_the_timeline_says_why(
    centre: Centre, operations: Operations, queries: Queries, database: Database
) -> None:
    """The centre is asked no more."""
    centre.fault = Fault.REJECTING
    handover = await offered(centre, operations, queries)
    await centre.ask()
    advance(centre)
    await centre.ask(2)
    [now] = await HandoverQueries(database).of_incident(handover.incident_id)

    assert (now.state, now.due_at) == (HandoverState.REJECTED, None)
    assert "nobody is left to send" in now.remark
    assert now.remark in (await told(database))[-1]


@pytest.mark.postgres
async def test_without_a_centre_nothing_is_offered(
    operations: Operations, queries: Queries, database: Database, clock: StoppedClock
) -> None:
    """Nobody is led to believe that somebody comes."""
    incident = await raise_alarm(operations, queries)
    alone = HandoverOperations(database, relay(database, clock), clock, has_centre=False)
    with pytest.raises(ServiceUnavailableError):
        await alone.offer(wanted(incident.incident_id))
    assert await rows(database, tables.handovers) == []


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_duty_officer_hands_over_at_the_running_service(
    centre: Centre, make_settings: MakeSettings, nats_server: NatsServer, make_token: MakeToken
) -> None:
    """Over its contract; others may not."""
    server, port = await centre.serve("127.0.0.1:0")
    settings = make_settings(nats_server.url).model_copy(
        update={"dispatch_target": f"127.0.0.1:{port}"}
    )
    report = reports_pb2.CreateReportRequest(
        request_id=str(uuid4()),
        category="fire",
        channel=reports_pb2.REPORT_CHANNEL_TELEPHONE,
        description="cháy",
        address="Tổ 4",
    )
    async with running(settings, make_token) as service:
        opened = await service.call("CreateReport", report)
        asked = pb.OfferHandoverRequest(
            request_id=str(uuid4()), incident_id=opened.incident_id, summary="Cháy lớn"
        )
        refused = await service.refusal("OfferHandover", asked, "responder")
        watching = service.stub.WatchIncidents(
            incidents_pb2.WatchIncidentsRequest(), metadata=service.credentials("duty_officer")
        )
        await watching.initial_metadata()
        await service.call("OfferHandover", asked)
        state = pb.HANDOVER_STATE_OFFERING
        async for _ in watching:
            listed = await service.call(
                "ListHandovers", pb.ListHandoversRequest(incident_id=opened.incident_id)
            )
            state = listed.handovers[0].state
            if state == pb.HANDOVER_STATE_OFFERED:
                break
        watching.cancel()
    await server.stop(0)

    assert refused.reason == "ROLE_NOT_ALLOWED"
    assert state == pb.HANDOVER_STATE_OFFERED
    assert [one.asked.kind for one in centre.offers.values()] == ["FIRE"]


@given(answers=st.lists(st.none() | st.sampled_from(HandoverState), max_size=12))
def test_an_offer_never_goes_backwards(answers: list[Any]) -> None:
    """Whatever the centre says; once it is over it is over, and until then it is asked again within a minute."""
    way = list(HandoverState)
    handover = Handover(
        UUID(int=1), UUID(int=2), HandoverState.OFFERING, "", "", NIGHT, NIGHT, NIGHT
    )
    for state in answers:
        before = handover
        handover = before.heard(state and CentreAnswer(state), NIGHT)
        if before.state in FINAL:
            assert handover.state is before.state
        elif handover.state is not HandoverState.REJECTED:
            assert way.index(handover.state) >= way.index(before.state)
            if handover.state not in FINAL:
                assert handover.due_at is not None
                assert NIGHT < handover.due_at <= NIGHT + timedelta(minutes=1)
