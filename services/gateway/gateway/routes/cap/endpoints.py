"""The addresses of public warnings under `/cap`: those of the ward for everybody, those of exercises for officers."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from google.protobuf.message import Message

from chassis.errors import DomainError
from gateway.routes.cap import documents
from gateway.routes.standing_in import StandIn
from gateway.transcoder import sign_in
from ward.incidents.v1 import public_alerts_pb2 as pb

# Calls a method of `PublicAlertsService` by its name.
Call = Callable[[str, Message], Awaitable[Any]]

_ALERTS, _EXERCISES = "alerts", "exercises"
_PAGE = 500


class _NotOfThisFeedError(DomainError):
    """A message of an exercise is not one of the ward's warnings, nor the other way round."""

    reason = "PUBLIC_ALERT_NOT_FOUND"


def cap_routes(call: Call, stand_in: StandIn, ward_code: str) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/cap")

    def enter(name: str, request: Request) -> None:
        if name == _EXERCISES:
            sign_in(request)
        else:
            stand_in.sign_in()

    def add(name: str) -> None:
        @router.get(f"/{name}.atom")
        async def feed(request: Request) -> Response:
            enter(name, request)
            asked = pb.ListPublicAlertsRequest(exercise=name == _EXERCISES, page_size=_PAGE)
            answer = await call("ListPublicAlerts", asked)
            written = documents.feed_document(answer.alerts, answer.as_of, name, ward_code)
            return Response(written, media_type="application/atom+xml")

        @router.get(f"/{name}/{{number}}.xml")
        async def alert(request: Request, number: str) -> Response:
            enter(name, request)
            answer = await call("GetPublicAlert", pb.GetPublicAlertRequest(number=number))
            if answer.alert.exercise is not (name == _EXERCISES):
                raise _NotOfThisFeedError
            return Response(documents.alert_document(answer.alert), media_type=documents.CAP_TYPE)

    add(_ALERTS)
    add(_EXERCISES)
    return router
