"""The addresses of Open311 under `/open311/v2`, each with `.json` and `.xml`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from google.protobuf.message import Message
from grpc import StatusCode
from grpc.aio import AioRpcError
from starlette.exceptions import HTTPException

from chassis.errors import DomainError
from gateway.routes.open311 import translation
from gateway.routes.open311.documents import FORMS, Document
from gateway.routes.open311.refusals import RefusedError, refusal_of
from gateway.routes.standing_in import StandIn
from gateway.transcoder import pairs, read_body, sign_in, sign_in_with
from ward.incidents.v1 import service_requests_pb2 as pb

# Calls a method of `ServiceRequestsService` by its name.
Call = Callable[[str, Message], Awaitable[Any]]

_PREFIX = "/open311/v2"
_FORM_TYPE = "application/x-www-form-urlencoded"
# The standard's: without a span the newest thousand of the last 90 days.
_MOST = 1_000
_PAGE = 500
# Such as while two versions of incidents answer by turns: neither need take the page tokens of the other.
_BROKEN_OFF = (
    "The list could not be read to its end, ask again later. / "
    "Chưa đọc được hết danh sách, hãy hỏi lại sau."
)


def open311_routes(call: Call, stand_in: StandIn, jurisdiction: str) -> APIRouter:
    """Make the routes; answers for everybody are asked for by the gateway itself, requests sent by their senders."""
    return Endpoints(call, stand_in, jurisdiction).router()


class Endpoints:
    """Answers each address; `jurisdiction` is the code of the one ward that is served."""

    def __init__(self, call: Call, stand_in: StandIn, jurisdiction: str) -> None:
        self._call = call
        self._stand_in = stand_in
        self._jurisdiction = jurisdiction

    def router(self) -> APIRouter:
        """Bind the addresses."""
        router = APIRouter(prefix=_PREFIX)
        for path, endpoint in (
            ("/services.{form}", self.services),
            ("/services/{service_code}.{form}", self.definition),
            ("/requests.{form}", self.requests),
            ("/requests/{service_request_id}.{form}", self.request),
            ("/tokens/{token}.{form}", self.token),
        ):
            router.add_api_route(path, endpoint, methods=["GET"])
        router.add_api_route("/requests.{form}", self.submit, methods=["POST"])
        return router

    async def services(self, request: Request, form: str) -> Response:
        """List the services."""
        return await self._answer(request, form, self._services)

    async def definition(self, request: Request, service_code: str, form: str) -> Response:
        """Tell what a service asks."""

        async def document(_: Mapping[str, str]) -> Document:
            return translation.definition_document(await self._listed_services(), service_code)

        return await self._answer(request, form, document)

    async def requests(self, request: Request, form: str) -> Response:
        """List requests."""

        async def document(query: Mapping[str, str]) -> Document:
            found = await self._found(translation.read_filter(query))
            return translation.requests_document(found)

        return await self._answer(request, form, document)

    async def request(self, request: Request, service_request_id: str, form: str) -> Response:
        """Tell one request."""

        async def document(_: Mapping[str, str]) -> Document:
            return translation.requests_document(await self._one(service_request_id))

        return await self._answer(request, form, document)

    async def token(self, request: Request, token: str, form: str) -> Response:
        """Tell which request a token stands for."""

        async def document(_: Mapping[str, str]) -> Document:
            return translation.token_document(await self._one(token))

        return await self._answer(request, form, document)

    async def submit(self, request: Request, form: str) -> Response:
        """Take a request in for the account of its `api_key`, or of its access token."""

        async def document(_: Mapping[str, str]) -> Document:
            fields = _once(pairs(await read_body(request, _FORM_TYPE)))
            self._check_jurisdiction(fields)
            sign_in(request)
            if key := fields.get("api_key"):
                sign_in_with(key)
            asked = translation.read_form(fields)
            return translation.receipt_document(await self._call("SubmitServiceRequest", asked))

        return await self._answer(request, form, document)

    async def _answer(
        self,
        request: Request,
        form: str,
        document: Callable[[Mapping[str, str]], Awaitable[Document]],
    ) -> Response:
        if form not in FORMS:
            raise HTTPException(404)
        try:
            query = _once(pairs(request.scope["query_string"] or b""))
            self._check_jurisdiction(query)
            told = await document(query)
        except (RefusedError, DomainError, AioRpcError, HTTPException) as error:
            told = refusal_of(error)
        return told.answer(form)

    async def _services(self, _: Mapping[str, str]) -> Document:
        return translation.services_document(await self._listed_services())

    async def _listed_services(self) -> pb.ListPublicServicesResponse:
        self._stand_in.sign_in()
        answer: pb.ListPublicServicesResponse = await self._call(
            "ListPublicServices", pb.ListPublicServicesRequest()
        )
        return answer

    async def _one(self, number: str) -> list[pb.ServiceRequest]:
        found = await self._found(pb.ListServiceRequestsRequest(numbers=[number]))
        if not found:
            raise RefusedError(404, "service_request_id was not found / Không có phản ánh này.")
        return found

    async def _found(self, asked: pb.ListServiceRequestsRequest) -> list[pb.ServiceRequest]:
        self._stand_in.sign_in()
        asked.page_size = _PAGE
        found: list[pb.ServiceRequest] = []
        while len(found) < _MOST:
            answer = await self._page(asked)
            found += answer.requests
            if not answer.next_page_token:
                break
            asked.page_token = answer.next_page_token
        return found

    async def _page(self, asked: pb.ListServiceRequestsRequest) -> pb.ListServiceRequestsResponse:
        """Give a page; raises RefusedError where it cannot be gone on with, for which the caller gave no reason."""
        try:
            page: pb.ListServiceRequestsResponse = await self._call("ListServiceRequests", asked)
        except AioRpcError as error:
            if asked.page_token and error.code() is StatusCode.INVALID_ARGUMENT:
                raise RefusedError(503, _BROKEN_OFF) from error
            raise
        return page

    def _check_jurisdiction(self, fields: Mapping[str, str]) -> None:
        if fields.get("jurisdiction_id", self._jurisdiction) != self._jurisdiction:
            raise RefusedError(404, "jurisdiction_id was not found / Không có đơn vị này.")


def _once(told: list[tuple[str, str]]) -> dict[str, str]:
    """Give fields by name; raises RefusedError where one is told twice."""
    fields = dict(told)
    if len(fields) < len(told):
        raise RefusedError(400, "a field is given twice / một trường được nêu hai lần")
    return fields
