"""The gRPC edge, on a real server with a tiny servicer of a real contract."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.rpc import error_details_pb2
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from prometheus_client import REGISTRY

from chassis import context
from chassis.account.access_chain import AccessRecord
from chassis.clock import utc_now
from chassis.errors import DatabaseUnavailableError, DomainError, FieldInvalidError
from chassis.rpc import grpc_client
from chassis.rpc.grpc_server import AccessGuard, grpc_server
from chassis.rpc.tokens import TokenVerifier
from chassis.rules import Rule
from chassis.telemetry.health import Readiness
from stack.issuer import LIFETIME_SECONDS, WARD_CODE, Issuer
from tests.fixtures.servers import ISSUER_ADDRESS, MakeToken
from ward.incidents.v1 import incidents_pb2 as pb
from ward.incidents.v1 import incidents_pb2_grpc as rpc

SERVICE = "ward.incidents.v1.IncidentsService"


class AlarmGoneError(DomainError):
    """Some expected error."""

    reason = "ALARM_NOT_FOUND"


class Servicer(rpc.IncidentsServiceServicer):
    """Answers by incident id; `log` is what it saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.busy = asyncio.Event()

    async def GetIncident(self, request: pb.GetIncidentRequest, _: Any) -> pb.GetIncidentResponse:
        """Fail as the id asks."""
        self.seen.append(context.request_id.get())
        match request.incident_id:
            case "expected":
                raise AlarmGoneError
            case "field":
                raise FieldInvalidError("incident_id", Rule("một UUID", "a UUID"))
            case "crash":
                raise RuntimeError("secret detail")
        return pb.GetIncidentResponse()

    async def GetRescueBrief(
        self, request: pb.GetRescueBriefRequest, _: Any
    ) -> pb.GetRescueBriefResponse:
        """Look at personal data."""
        context.current_access().subject = f"incident:{request.incident_id}"
        if request.incident_id == "expected":
            raise AlarmGoneError
        if request.incident_id == "shown":
            context.current_access().shown = ["one", "other"]
        if request.incident_id == "slow":
            self.busy.set()
            await asyncio.Event().wait()
        return pb.GetRescueBriefResponse()

    async def WatchIncidents(
        self, request: pb.WatchIncidentsRequest, _: Any
    ) -> AsyncIterator[pb.WatchIncidentsResponse]:
        """Begin, send one answer, then fail; or stay quiet."""
        await context.begin_stream("0")
        if request.resume_token == "quiet":
            await asyncio.Event().wait()
        yield pb.WatchIncidentsResponse(resume_token="1")
        raise AlarmGoneError


class MemoryLog:
    """An access log that keeps its records in a list, or is away."""

    def __init__(self) -> None:
        self.records: list[AccessRecord] = []
        self.away = False

    async def record(self, *entries: AccessRecord) -> None:
        """Keep records."""
        if self.away:
            raise DatabaseUnavailableError
        self.records += entries


class Edge:
    """A running server and how to call it."""

    def __init__(
        self, port: int, servicer: Servicer, log: MemoryLog, readiness: Readiness
    ) -> None:
        self.target = f"127.0.0.1:{port}"
        self.servicer = servicer
        self.log = log
        self.readiness = readiness


@pytest.fixture
async def edge(issuer: Issuer) -> AsyncGenerator[Edge]:
    """Serve the tiny servicer."""
    log, servicer, readiness = MemoryLog(), Servicer(), Readiness({})
    verifier = TokenVerifier(
        ISSUER_ADDRESS, "safe-digital-ward", issuer.jwks_url, ward_code=WARD_CODE
    )
    guard = AccessGuard(verifier, log, utc_now)  # type: ignore[arg-type] # the log's one method
    server = grpc_server(guard, readiness, [SERVICE])
    rpc.add_IncidentsServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield Edge(port, servicer, log, readiness)
    await server.stop(0)


@pytest.fixture
def headers(make_token: MakeToken) -> Callable[[str], tuple[tuple[str, str], ...]]:
    """Make the metadata of a signed-in role."""
    return lambda role: (("authorization", f"Bearer {make_token(role)}"),)


Headers = Callable[[str], tuple[tuple[str, str], ...]]


def reason_of(error: aio.AioRpcError) -> tuple[str, str]:
    """Read the reason and the Vietnamese sentence of an error."""
    status = rpc_status.from_call(error)
    info, localized = error_details_pb2.ErrorInfo(), error_details_pb2.LocalizedMessage()
    status.details[0].Unpack(info)
    status.details[1].Unpack(localized)
    return info.reason, localized.message


@pytest.mark.usefixtures("edge")
def test_looks_are_counted_from_the_start() -> None:
    """Of each method that looks at personal data, and of no other: what was never counted cannot increase."""

    def counted(method: str) -> float | None:
        labels = {"method": f"/{SERVICE}/{method}", "outcome": "OK"}
        return REGISTRY.get_sample_value("ward_access_records_total", labels)

    assert counted("DiscloseOccupants") == 0
    assert counted("GetIncident") is None


async def test_an_allowed_call_is_answered(edge: Edge, headers: Headers) -> None:
    """A duty officer may read an incident."""
    async with aio.insecure_channel(edge.target) as channel:
        stub = rpc.IncidentsServiceStub(channel)

        assert await stub.GetIncident(pb.GetIncidentRequest(), metadata=headers("duty_officer"))


@pytest.mark.parametrize("method", [f"/{SERVICE}/Nothing", "/nobody.v1.Nothing/Nothing"])
async def test_what_is_in_no_contract_is_not_answered(
    edge: Edge, headers: Headers, method: str
) -> None:
    """Neither another method of a service, nor another service."""
    async with aio.insecure_channel(edge.target) as channel:
        call = channel.unary_unary(method)
        with pytest.raises(aio.AioRpcError) as refused:
            await call(b"", metadata=headers("duty_officer"))

    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert not edge.log.records


async def test_one_task_waits_for_calls_however_many_methods_there_are(
    edge: Edge, headers: Headers
) -> None:
    """grpc.aio looks through all that wait at each call, so methods must not wait one by one."""
    async with aio.insecure_channel(edge.target) as channel:
        asked = rpc.IncidentsServiceStub(channel).GetIncident
        await asked(pb.GetIncidentRequest(), metadata=headers("duty_officer"))
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]

    waiting = [name for name in names if name.startswith("AioServer._request_")]
    assert waiting == ["AioServer._request_call"]


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [("", "TOKEN_MISSING"), ("Basic eDp5", "TOKEN_INVALID"), ("Bearer nonsense", "TOKEN_INVALID")],
)
async def test_without_a_good_token_nothing_is_answered(
    edge: Edge, authorization: str, reason: str
) -> None:
    """UNAUTHENTICATED, with the reason in the contract's form."""
    metadata = (("authorization", authorization),) if authorization else ()
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError) as refused:
            await rpc.IncidentsServiceStub(channel).GetIncident(
                pb.GetIncidentRequest(), metadata=metadata
            )

    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason_of(refused.value)[0] == reason


async def test_an_expected_error_keeps_its_reason_and_speaks_vietnamese(
    edge: Edge, headers: Headers
) -> None:
    """Code, reason and sentence come from the table in the contract."""
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError) as failed:
            await rpc.IncidentsServiceStub(channel).GetIncident(
                pb.GetIncidentRequest(incident_id="expected"), metadata=headers("duty_officer")
            )

    assert failed.value.code() is grpc.StatusCode.NOT_FOUND
    assert reason_of(failed.value) == ("ALARM_NOT_FOUND", "Không tìm thấy báo động.")


async def test_an_invalid_field_is_named(edge: Edge, headers: Headers) -> None:
    """The caller learns which field and what is allowed, in English and in Vietnamese."""
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError) as failed:
            await rpc.IncidentsServiceStub(channel).GetIncident(
                pb.GetIncidentRequest(incident_id="field"), metadata=headers("duty_officer")
            )
    bad = error_details_pb2.BadRequest()
    rpc_status.from_call(failed.value).details[2].Unpack(bad)

    assert reason_of(failed.value)[1] == "Trường «incident_id» không hợp lệ."
    assert bad.field_violations[0].description == "a UUID"
    assert bad.field_violations[0].localized_message.locale == "vi-VN"
    assert bad.field_violations[0].localized_message.message == "một UUID"


async def test_a_text_with_nul_reaches_no_handler(edge: Edge, headers: Headers) -> None:
    """The database could not hold it; the refusal names the field, and a look at personal data is recorded."""
    metadata = headers("duty_officer")
    async with aio.insecure_channel(edge.target) as channel:
        stub = rpc.IncidentsServiceStub(channel)
        calls = [
            (stub.GetIncident, pb.GetIncidentRequest(incident_id="7\0"), "incident_id"),
            (stub.GetRescueBrief, pb.GetRescueBriefRequest(incident_id="7\0"), "incident_id"),
            (stub.WatchIncidents, pb.WatchIncidentsRequest(resume_token="\0"), "resume_token"),
        ]
        for method, request, field in calls:
            with pytest.raises(aio.AioRpcError) as refused:
                call = method(request, metadata=metadata)
                await (anext(aiter(call)) if isinstance(call, aio.UnaryStreamCall) else call)
            bad = error_details_pb2.BadRequest()
            rpc_status.from_call(refused.value).details[2].Unpack(bad)
            (violation,) = bad.field_violations

            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert reason_of(refused.value) == (
                "FIELD_INVALID",
                f"Trường «{field}» không hợp lệ.",
            )
            assert violation.field == field
            assert violation.description == "without the character NUL (U+0000)"
            assert violation.localized_message.message == "không chứa ký tự NUL (U+0000)"

    assert edge.servicer.seen == []
    assert [(one.outcome, one.subject) for one in edge.log.records] == [
        ("FIELD_INVALID", "unknown")
    ]


async def test_an_unexpected_error_tells_nothing(edge: Edge, headers: Headers) -> None:
    """INTERNAL without detail."""
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError) as failed:
            await rpc.IncidentsServiceStub(channel).GetIncident(
                pb.GetIncidentRequest(incident_id="crash"), metadata=headers("duty_officer")
            )

    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(failed.value.details())


async def test_the_request_id_follows_the_call_and_comes_back(
    edge: Edge, headers: Headers
) -> None:
    """A caller's id is seen inside and told in the answer's metadata; the client passes on its own."""
    context.request_id.set("0123456789abcdef")
    async with grpc_client.channel(edge.target) as channel:
        call = rpc.IncidentsServiceStub(channel).GetIncident(
            pb.GetIncidentRequest(), metadata=headers("duty_officer")
        )
        await call
        answered = dict(await call.trailing_metadata())

    assert edge.servicer.seen == ["0123456789abcdef"]
    assert answered["x-request-id"] == "0123456789abcdef"


async def test_a_look_at_personal_data_is_recorded_before_the_answer(
    edge: Edge, headers: Headers
) -> None:
    """Who, what, about what, with which outcome."""
    async with aio.insecure_channel(edge.target) as channel:
        await rpc.IncidentsServiceStub(channel).GetRescueBrief(
            pb.GetRescueBriefRequest(incident_id="7"), metadata=headers("responder")
        )
    (record,) = edge.log.records

    assert record.account == "demo-responder"
    assert record.method.endswith("/GetRescueBrief")
    assert (record.subject, record.outcome) == ("incident:7", "OK")


async def test_each_who_is_shown_beside_has_a_record(edge: Edge, headers: Headers) -> None:
    """The record of the call, and one for each of the others, with an id of its own."""
    async with aio.insecure_channel(edge.target) as channel:
        await rpc.IncidentsServiceStub(channel).GetRescueBrief(
            pb.GetRescueBriefRequest(incident_id="shown"), metadata=headers("responder")
        )
    records = edge.log.records

    assert [one.subject for one in records] == ["incident:shown", "one", "other"]
    assert len({one.record_id for one in records}) == 3
    assert {(one.account, one.outcome) for one in records} == {("demo-responder", "OK")}


@pytest.mark.parametrize(
    ("role", "incident", "outcome"),
    [("citizen", "7", "ROLE_NOT_ALLOWED"), ("responder", "expected", "ALARM_NOT_FOUND")],
)
async def test_refusals_and_failures_are_recorded_too(
    edge: Edge, headers: Headers, role: str, incident: str, outcome: str
) -> None:
    """An attempt is a look as well."""
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError):
            await rpc.IncidentsServiceStub(channel).GetRescueBrief(
                pb.GetRescueBriefRequest(incident_id=incident), metadata=headers(role)
            )

    assert [record.outcome for record in edge.log.records] == [outcome]


async def test_a_call_that_was_cancelled_is_recorded_too(edge: Edge, headers: Headers) -> None:
    """Whoever leaves before the answer has asked all the same."""
    async with aio.insecure_channel(edge.target) as channel:
        call = rpc.IncidentsServiceStub(channel).GetRescueBrief(
            pb.GetRescueBriefRequest(incident_id="slow"), metadata=headers("responder")
        )
        calling = asyncio.ensure_future(call)
        await asyncio.wait_for(edge.servicer.busy.wait(), 30)
        call.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        async with asyncio.timeout(30):
            while not edge.log.records:
                await asyncio.sleep(0.01)

    assert [record.outcome for record in edge.log.records] == ["CANCELLED"]


async def test_what_the_gateway_could_not_read_is_refused_and_recorded(
    edge: Edge, headers: Headers
) -> None:
    """The marker can only refuse: the handler is not called."""
    metadata = (*headers("responder"), ("ward-refused", "UNKNOWN_FIELD"))
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError) as refused:
            await rpc.IncidentsServiceStub(channel).GetRescueBrief(
                pb.GetRescueBriefRequest(incident_id="7"), metadata=metadata
            )

    assert reason_of(refused.value)[0] == "UNKNOWN_FIELD"
    assert [(one.outcome, one.subject) for one in edge.log.records] == [
        ("UNKNOWN_FIELD", "unknown")
    ]


async def test_callers_who_are_nobody_cannot_write_any_number_of_records(edge: Edge) -> None:
    """Records cannot be deleted: beyond a budget the attempts are counted."""
    async with aio.insecure_channel(edge.target) as channel:
        stub = rpc.IncidentsServiceStub(channel)
        calls = [stub.GetRescueBrief(pb.GetRescueBriefRequest()) for _ in range(1300)]
        await asyncio.gather(*calls, return_exceptions=True)

    assert 600 <= len(edge.log.records) <= 1200


async def test_what_cannot_be_recorded_is_not_answered(edge: Edge, headers: Headers) -> None:
    """With the access log away the call is UNAVAILABLE, though the data was at hand."""
    edge.log.away = True
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError) as refused:
            await rpc.IncidentsServiceStub(channel).GetRescueBrief(
                pb.GetRescueBriefRequest(incident_id="7"), metadata=headers("responder")
            )

    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_stream_is_guarded_and_its_errors_are_told(edge: Edge, headers: Headers) -> None:
    """What was sent stays sent; the end has its reason."""
    received = []
    async with aio.insecure_channel(edge.target) as channel:
        stub = rpc.IncidentsServiceStub(channel)
        watch = stub.WatchIncidents(pb.WatchIncidentsRequest(), metadata=headers("duty_officer"))
        received.append((await anext(aiter(watch))).resume_token)
        with pytest.raises(aio.AioRpcError) as ended:
            await anext(aiter(watch))
        with pytest.raises(aio.AioRpcError) as refused:
            async for _ in stub.WatchIncidents(pb.WatchIncidentsRequest()):
                pass

    assert received == ["1"]
    assert reason_of(ended.value)[0] == "ALARM_NOT_FOUND"
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_stream_tells_that_and_where_it_began_unless_it_was_refused(
    edge: Edge, headers: Headers
) -> None:
    """Initial metadata with a resume token comes before any answer, and never before a refusal."""
    async with aio.insecure_channel(edge.target) as channel:
        stub = rpc.IncidentsServiceStub(channel)
        watch = stub.WatchIncidents(pb.WatchIncidentsRequest(), metadata=headers("duty_officer"))
        begun = dict(await watch.initial_metadata() or ())
        watch.cancel()
        refused = stub.WatchIncidents(pb.WatchIncidentsRequest())
        not_begun = dict(await refused.initial_metadata() or ())

    assert begun["x-resume-token"] == "0"
    assert begun["x-request-id"]
    assert "x-resume-token" not in not_begun


async def test_a_stream_ends_when_its_token_expires(edge: Edge, make_token: MakeToken) -> None:
    """Who has lost the right to see sees no more."""
    almost = time.time() - LIFETIME_SECONDS + 1.5
    metadata = (("authorization", f"Bearer {make_token('duty_officer', at=almost)}"),)
    async with aio.insecure_channel(edge.target) as channel:
        stub = rpc.IncidentsServiceStub(channel)
        watch = stub.WatchIncidents(
            pb.WatchIncidentsRequest(resume_token="quiet"), metadata=metadata
        )
        with pytest.raises(aio.AioRpcError) as ended:
            await anext(aiter(watch))

    assert reason_of(ended.value)[0] == "TOKEN_EXPIRED"


async def test_calls_are_counted_by_method_and_code(edge: Edge, headers: Headers) -> None:
    """The histogram tells refusals from answers; a refusal is counted once it has been sent."""
    labels = {"service": SERVICE, "method": "GetIncident", "code": "PERMISSION_DENIED"}

    def counted() -> float:
        return REGISTRY.get_sample_value("ward_grpc_handling_seconds_count", labels) or 0

    before = counted()
    async with aio.insecure_channel(edge.target) as channel:
        with pytest.raises(aio.AioRpcError):
            await rpc.IncidentsServiceStub(channel).GetIncident(
                pb.GetIncidentRequest(), metadata=headers("citizen")
            )
        async with asyncio.timeout(30):
            while counted() == before:
                await asyncio.sleep(0.01)

    assert counted() == before + 1


async def test_health_and_reflection_need_no_token(edge: Edge) -> None:
    """They describe the service and tell nothing about the ward."""
    task = asyncio.create_task(edge.readiness.run([SERVICE]))
    async with aio.insecure_channel(edge.target) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service="")
        async for told in health.Watch(request):
            if told.status == health_pb2.HealthCheckResponse.SERVING:
                break
        reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        answers = [answer async for answer in reflection.ServerReflectionInfo(iter([asked]))]
    task.cancel()

    assert SERVICE in [found.name for found in answers[0].list_services_response.service]


async def test_reflection_tells_the_comments_of_the_contract(edge: Edge) -> None:
    """Who has nothing else reads there what a method does; a file that is no contract of ours is told as it is."""
    async with aio.insecure_channel(edge.target) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)
        (answer,) = [one async for one in stub.ServerReflectionInfo(iter([asked]))]
        unknown = reflection_pb2.ServerReflectionRequest(file_containing_symbol="no.such.Thing")
        (refused,) = [one async for one in stub.ServerReflectionInfo(iter([unknown]))]
    told = answer.file_descriptor_response.file_descriptor_proto
    files = {one.name: one for one in map(FileDescriptorProto.FromString, told)}
    incidents = files["ward/incidents/v1/incidents.proto"]
    # The first method of the first service, as descriptor.proto numbers them.
    (method,) = (
        one for one in incidents.source_code_info.location if list(one.path) == [6, 0, 2, 0]
    )

    assert "Errors:" in method.leading_comments
    assert "google/protobuf/timestamp.proto" in files
    assert refused.HasField("error_response")


async def test_two_servers_cannot_share_a_port(edge: Edge) -> None:
    """A second process on the port fails instead of silently taking half of the calls."""
    guard = AccessGuard(TokenVerifier("", "", "", ward_code=WARD_CODE), None, utc_now)
    second = grpc_server(guard, Readiness({}), [])

    with pytest.raises(RuntimeError):
        second.add_insecure_port(edge.target)
