"""The demo's HTTP client against a server that says exactly what a gateway could."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from simulator.demo.gateway import Gateway, GatewayDownError, RefusedError
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as incidents


@asynccontextmanager
async def serving(*routes: Route) -> AsyncGenerator[Gateway]:
    """Serve the routes on a free port, and give a client of them."""
    config = uvicorn.Config(Starlette(routes=list(routes)), port=0, log_level="critical")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with Gateway(f"http://127.0.0.1:{port}", "secret") as gateway:
        yield gateway
    server.should_exit = True
    server.force_exit = True
    await task


async def test_a_resource_is_read_with_the_token() -> None:
    """Query, token and answer arrive; what a newer gateway says beyond it is ignored."""

    async def alarms(request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer secret"
        assert dict(request.query_params) == {"premises_id": "P1", "open_only": "true"}
        return JSONResponse({"alarms": [{"alarmId": "a1", "colour": "red"}]})

    async with serving(Route("/v1/alarms", alarms)) as gateway:
        answer = await gateway.get(
            "/v1/alarms", fire.ListAlarmsResponse(), premises_id="P1", open_only=True
        )

    assert [alarm.alarm_id for alarm in answer.alarms] == ["a1"]


async def test_a_problem_is_an_error_with_its_reason() -> None:
    """Status, reason and sentence of the problem are in the error."""

    async def refuse(_: Request) -> Response:
        problem = {"type": "urn:ward:error:ALARM_NOT_RESTORED", "detail": "Đầu báo còn báo."}
        return JSONResponse(problem, status_code=400)

    async with serving(Route("/v1/alarms/a1:reset", refuse, methods=["POST"])) as gateway:
        with pytest.raises(RefusedError, match="Đầu báo còn báo") as refused:
            await gateway.post("/v1/alarms/a1:reset", fire.ResetAlarmResponse(), {})

    assert (refused.value.reason, refused.value.passing) == ("ALARM_NOT_RESTORED", False)


async def test_nobody_there_is_one_error() -> None:
    """A refused connection is GatewayDownError."""
    async with Gateway("http://127.0.0.1:9", "secret") as gateway:
        with pytest.raises(GatewayDownError):
            await gateway.get("/v1/alarms", fire.ListAlarmsResponse())


async def test_a_broken_stream_is_resumed_where_it_ended() -> None:
    """After a break the client names the last event; comments and error events are no changes."""
    asked: list[str | None] = []

    async def watch(request: Request) -> Response:
        asked.append(request.headers.get("last-event-id"))
        number = len(asked)

        async def events() -> AsyncIterator[str]:
            yield f": ok\nretry: 2000\nid: t{number}\n\n"
            yield 'event: error\ndata: {"status": 503}\n\n'
            yield (
                f"event: IncidentOpened\nid: t{number}a\n"
                f'data: {{"event":"IncidentOpened","incident":{{"incidentId":"i{number}"}}}}\n\n'
            )

        return StreamingResponse(events(), media_type="text/event-stream")

    opened = asyncio.Event()
    seen = []
    async with serving(Route("/v1/incidents:watch", watch)) as gateway:
        kind = incidents.WatchIncidentsResponse
        async for change in gateway.watch("/v1/incidents:watch", kind, opened):
            seen.append(change.incident.incident_id)
            if len(seen) == 2:
                break

    assert opened.is_set()
    assert seen == ["i1", "i2"]
    assert asked == [None, "t1a"]


async def test_a_stream_that_is_not_allowed_is_not_tried_again() -> None:
    """403 is raised at once."""

    async def refuse(_: Request) -> Response:
        return JSONResponse({"type": "urn:ward:error:ROLE_NOT_ALLOWED", "detail": "x"}, 403)

    async with serving(Route("/v1/incidents:watch", refuse)) as gateway:
        kind = incidents.WatchIncidentsResponse
        with pytest.raises(RefusedError):
            async for _ in gateway.watch("/v1/incidents:watch", kind, asyncio.Event()):
                pass
