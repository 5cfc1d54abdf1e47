"""Problems as HTTP answers, and which errors become which."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from grpc.aio import AioRpcError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis import context
from chassis.errors import DomainError, InternalError, MalformedRequestError
from chassis.telemetry.log import logger
from gateway.problems.problem import (
    Problem,
    of_domain_error,
    of_http_status,
    of_rpc_error,
    ward_status,
)

MEDIA_TYPE = "application/problem+json"


def language_of(request: Request) -> str:
    """Choose Vietnamese unless the caller prefers English (RFC 9110 §12.5.4)."""
    weights = {"vi": 0.0, "en": 0.0}
    for choice in request.headers.get("accept-language", "").split(","):
        tag, _, parameters = choice.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in weights:
            weights[primary] = max(weights[primary], _quality(parameters))
    return "en" if weights["en"] > weights["vi"] else "vi"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


def write(problem: Problem, request: Request) -> str:
    """Write a problem on one line in the caller's language."""
    told = problem.as_json(language_of(request), context.request_id.get())
    return json.dumps(told, ensure_ascii=False)


def answer_with(problem: Problem, request: Request) -> Response:
    """Answer a request with a problem."""
    headers = {
        **problem.headers,
        "content-language": language_of(request),
        "vary": "accept-language",
    }
    return Response(
        write(problem, request), problem.status, headers=headers, media_type=MEDIA_TYPE
    )


async def _domain_error(request: Request, error: DomainError) -> Response:
    return answer_with(of_domain_error(error), request)


async def _rpc_error(request: Request, error: AioRpcError) -> Response:
    if ward_status(error) is None:
        logger().warning("rpc_failed", code=error.code().name)
    return answer_with(of_rpc_error(error), request)


async def _http_error(request: Request, error: HTTPException) -> Response:
    return answer_with(of_http_status(error.status_code, error.headers), request)


async def _invalid_request(request: Request, _error: Exception) -> Response:
    return answer_with(of_domain_error(MalformedRequestError()), request)


async def _unexpected_error(request: Request, _error: Exception) -> Response:
    return answer_with(of_domain_error(InternalError()), request)


HANDLERS: dict[int | type[Exception], Callable[[Request, Any], Coroutine[Any, Any, Response]]] = {
    DomainError: _domain_error,
    AioRpcError: _rpc_error,
    HTTPException: _http_error,
    RequestValidationError: _invalid_request,
    Exception: _unexpected_error,
}
