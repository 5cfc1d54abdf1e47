"""What administrators and supervisors ask: `/healthz`, `/readyz`, `/metrics`."""

from collections.abc import Mapping

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.clients import State

# Without these no officer can be told of a fire or act on one. Residency may be away: the brief is precomputed.
_NEEDED = ("incidents", "fire_safety")


def operations_routes(states: Mapping[str, State]) -> APIRouter:
    """Make the routes; `states` is kept up to date by its owner."""
    router = APIRouter()

    @router.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        status = overall(states)
        return JSONResponse(
            {"status": status, "services": states},
            status_code=503 if status == "not_ready" else 200,
        )

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


def overall(states: Mapping[str, State]) -> str:
    """Tell `ready`, `degraded` or `not_ready`.

    A service that answers is enough: while its database or broker is away it tells so itself, and better than a
    gateway out of service could.
    """
    if any(states[name] is State.UNREACHABLE for name in _NEEDED):
        return "not_ready"
    return "ready" if all(state is State.SERVING for state in states.values()) else "degraded"
