"""Names of those inside: asked of residency for the officer who calls, and noted in the timeline once it tells so."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from grpc import aio

from chassis.errors import DomainError, InvalidMessageError, RequestIdReusedError
from chassis.rpc.access import ACTING_HEADER
from chassis.rpc.grpc_errors import abort
from chassis.storage.database import Database
from incidents import tables
from incidents.consumers.lanes import Consumers
from incidents.domain.incidents.incident import Incident
from incidents.domain.rescue.occupants import (
    DisclosureNotAllowedError,
    PlaceUnknownError,
    ReviewPendingError,
)
from stack.issuer import Issuer
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken
from tests.incidents.conftest import MakeSettings, Refusal, Service, running
from tests.incidents.samples import (
    NIGHT,
    Operations,
    Queries,
    acknowledgement,
    closure,
    envelope,
    raise_alarm,
    rows,
    stamp,
)
from ward.incidents.v1 import incidents_pb2 as pb
from ward.options.v1 import access_pb2
from ward.residency.v1 import lookups_pb2, lookups_pb2_grpc

pytestmark = pytest.mark.postgres

REASON = "Khói dày ở tầng hai, cần gọi từng người"
ANSWER = lookups_pb2.DiscloseOccupantsResponse(
    dwellings=[
        lookups_pb2.DisclosedDwelling(people=[lookups_pb2.Person(full_name="Phạm Thị Giả Định")])
    ],
    withheld=[lookups_pb2.PERSON_FIELD_MASKED_NUMBER],
    review_id="review-1",
    expires_at=stamp(NIGHT),
    access_record_id="record-1",
)


@dataclass
class Residency(lookups_pb2_grpc.LookupServiceServicer):
    """Answers or refuses as it is told to, and remembers what it was asked by whom."""

    refusal: Callable[[], DomainError] | None = None
    asked: list[tuple[lookups_pb2.DiscloseOccupantsRequest, dict[str, Any]]] = field(
        default_factory=list
    )

    async def DiscloseOccupants(
        self,
        request: lookups_pb2.DiscloseOccupantsRequest,
        context: "aio.ServicerContext[Any, Any]",
    ) -> lookups_pb2.DiscloseOccupantsResponse:
        """Tell who is inside."""
        metadata = context.invocation_metadata() or ()
        self.asked.append((request, dict(metadata)))
        if self.refusal:
            await abort(context, self.refusal())
        return ANSWER


@dataclass(frozen=True)
class House:
    """The service beside residency."""

    service: Service
    residency: Residency
    token_file: Path

    async def ask(self, incident: Incident, **fields: Any) -> Any:
        """Ask who is inside."""
        return await self.service.call("DiscloseOccupants", asking(incident, **fields))

    async def refused(
        self, incident: Incident, role: str = "duty_officer", **fields: Any
    ) -> Refusal:
        """Ask, which must be refused."""
        return await self.service.refusal("DiscloseOccupants", asking(incident, **fields), role)


def asking(incident: Incident, **fields: Any) -> pb.DiscloseOccupantsRequest:
    """Ask who is inside."""
    wanted: dict[str, Any] = {
        "incident_id": str(incident.incident_id),
        "request_id": str(uuid4()),
        "reason": REASON,
    }
    return pb.DiscloseOccupantsRequest(**(wanted | fields))


@pytest.fixture
async def house(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    issuer: Issuer,
    tmp_path: Path,
) -> AsyncGenerator[House]:
    """Run the service beside a residency that the test scripts."""
    residency, server = Residency(), aio.server()
    lookups_pb2_grpc.add_LookupServiceServicer_to_server(residency, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    token_file = tmp_path / "incidents.token"
    issuer.write_service_token(token_file, "incidents", NIGHT.timestamp())
    settings = make_settings(nats_server.url).model_copy(
        update={"residency_target": f"127.0.0.1:{port}", "service_token_file": token_file}
    )
    async with running(settings, make_token) as service:
        yield House(service, residency, token_file)
    await server.stop(None)


@pytest.mark.nats
async def test_names_are_asked_for_the_officer_by_this_service(
    house: House, operations: Operations, queries: Queries, database: Database
) -> None:
    """With the officer's own token, the service's beside it, and the incident's number as the reference."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    answer = await house.ask(incident, request_id="request-0001")
    ((request, metadata),) = house.residency.asked
    (record,) = await rows(database, tables.access_records)

    assert answer.dwellings == ANSWER.dwellings
    (tag,) = answer.roll_call_tags
    assert (tag.place, len(tag.tag)) == (1, 32)
    assert answer.withheld == ANSWER.withheld
    assert (answer.review_id, answer.access_record_id) == ("review-1", "record-1")
    assert request == lookups_pb2.DiscloseOccupantsRequest(
        purpose=access_pb2.AccessPurpose(
            purpose=access_pb2.PURPOSE_FIRE_RESCUE, reference=incident.number
        ),
        request_id="request-0001",
        incident_id=str(incident.incident_id),
        reason=REASON,
    )
    assert metadata[ACTING_HEADER] == f"Bearer {house.token_file.read_text()}"
    assert metadata["authorization"] != metadata[ACTING_HEADER]
    assert (record.purpose, record.reference) == ("FIRE_RESCUE", incident.number)
    assert record.subject == f"incident:{incident.incident_id}"
    assert record.legal_basis


@pytest.mark.nats
async def test_what_residency_refuses_the_officer_is_told(
    house: House, operations: Operations, queries: Queries
) -> None:
    """By residency's own reason; what is no refusal for the officer is an outage, and so is one."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    told = []
    for error in (
        ReviewPendingError,
        PlaceUnknownError,
        DisclosureNotAllowedError,
        RequestIdReusedError,
        InvalidRegisterError,
    ):
        house.residency.refusal = error
        told.append((await house.refused(incident)).reason)
    house.token_file.unlink()
    told.append((await house.refused(incident)).reason)

    assert told == [
        "BREAK_GLASS_REVIEW_PENDING",
        "INCIDENT_PLACE_UNKNOWN",
        "DISCLOSURE_NOT_ALLOWED",
        "REQUEST_ID_REUSED",
        "SERVICE_UNAVAILABLE",
        "SERVICE_UNAVAILABLE",
    ]


class InvalidRegisterError(DomainError):
    """Residency does not know the incident yet."""

    reason = "INCIDENT_NOT_FOUND"


@pytest.mark.nats
async def test_without_an_open_incident_residency_is_not_asked(
    house: House, operations: Operations, queries: Queries, database: Database
) -> None:
    """Closed, unknown, another role, a reason that is none; each attempt is accounted for."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    refused = [
        await house.refused(incident, "fire_officer"),
        await house.refused(incident, reason="cháy"),
        await house.refused(incident, incident_id=str(uuid4())),
    ]
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(closure(incident.incident_id))
    refused.append(await house.refused(incident))
    records = await rows(database, tables.access_records)
    reasons = ["ROLE_NOT_ALLOWED", "FIELD_INVALID", "INCIDENT_NOT_FOUND", "INCIDENT_CLOSED"]

    assert house.residency.asked == []
    assert [one.reason for one in refused] == reasons
    assert sorted(record.outcome for record in records) == sorted(reasons)


@pytest.mark.nats
async def test_a_service_that_was_not_told_of_residency_has_no_names(
    service: Service, operations: Operations, queries: Queries
) -> None:
    """And everything else."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    refused = await service.refusal("DiscloseOccupants", asking(incident))

    assert (refused.code, refused.reason) == ("UNAVAILABLE", "SERVICE_UNAVAILABLE")


async def test_the_timeline_tells_once_who_was_told(
    operations: Operations, queries: Queries
) -> None:
    """However often the event comes, also after the incident has ended; without a name or a reason."""
    incident = await raise_alarm(operations, queries, "alarm-1")
    broken = lookups_pb2.GlassBroken(
        review_id="review-1",
        incident_id=str(incident.incident_id),
        incident_number=incident.number,
        officer="officer-1",
        expires_at=stamp(NIGHT + timedelta(hours=1)),
    )
    event, handle = (
        envelope(broken),
        Consumers("11002", operations, operations, operations).of_alarm_lane(),
    )
    await operations.acknowledge(acknowledgement(incident.incident_id))
    await operations.close(closure(incident.incident_id))
    for _ in range(2):
        await handle[event.subject](event)
    entry = (await queries.story(incident.incident_id)).timeline[-1]

    assert (entry.kind, entry.actor) == ("glass_broken", "officer-1")
    assert entry.text == (
        "Đã mở danh sách người trong nhà (truy cập khẩn cấp, đến 03:14 06/01/2026), chờ rà soát."
    )
    assert len((await queries.story(incident.incident_id)).timeline) == incident.entries + 3


@pytest.mark.parametrize(
    ("incident_id", "reason"),
    [("", "no_incident"), ("00000000-0000-4000-8000-000000000001", "unknown_incident")],
)
async def test_an_event_of_no_incident_is_set_aside(
    operations: Operations, incident_id: str, reason: str
) -> None:
    """With its reason, and the lane goes on."""
    event = envelope(lookups_pb2.GlassBroken(incident_id=incident_id))
    with pytest.raises(InvalidMessageError, match=reason):
        await Consumers("11002", operations, operations, operations).of_alarm_lane()[
            event.subject
        ](event)


async def test_what_another_ward_tells_passes(operations: Operations) -> None:
    """Its incident is unknown here, and that is no fault."""
    event = envelope(
        lookups_pb2.GlassBroken(
            incident_id="00000000-0000-4000-8000-000000000001", ward_code="11005"
        )
    )
    await Consumers("11002", operations, operations, operations).of_alarm_lane()[event.subject](
        event
    )
