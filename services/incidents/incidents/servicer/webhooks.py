"""Webhooks."""

from grpc import aio

from chassis.context import current_account
from chassis.rpc.servicer import Context
from incidents.domain.webhooks import secret_text
from incidents.operations.webhooks import WebhookOperations
from incidents.queries.webhooks import WebhookQueries
from incidents.wire import webhooks as wire
from ward.incidents.v1 import webhooks_pb2 as pb
from ward.incidents.v1 import webhooks_pb2_grpc


class WebhooksServicer(webhooks_pb2_grpc.WebhooksServiceServicer):
    """The methods of `WebhooksService`."""

    service: str = pb.DESCRIPTOR.services_by_name["WebhooksService"].full_name

    def __init__(
        self, operations: WebhookOperations, queries: WebhookQueries, *, private_allowed: bool
    ) -> None:
        self._operations = operations
        self._queries = queries
        self._private_allowed = private_allowed

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        webhooks_pb2_grpc.add_WebhooksServiceServicer_to_server(self, server)

    async def CreateWebhook(
        self, request: pb.CreateWebhookRequest, context: Context
    ) -> pb.CreateWebhookResponse:
        """Register a webhook; its secret is told here only."""
        wanted = wire.read_webhook(
            request, current_account(), private_allowed=self._private_allowed
        )
        webhook, secret = await self._operations.create(wanted)
        return pb.CreateWebhookResponse(
            webhook=wire.webhook_message(webhook), secret=secret_text(secret)
        )

    async def RemoveWebhook(
        self, request: pb.RemoveWebhookRequest, context: Context
    ) -> pb.RemoveWebhookResponse:
        """End a webhook."""
        await self._operations.remove(wire.read_removal(request, current_account()))
        return pb.RemoveWebhookResponse()

    async def ListWebhooks(
        self, request: pb.ListWebhooksRequest, context: Context
    ) -> pb.ListWebhooksResponse:
        """Tell the webhooks that are told."""
        webhooks = await self._queries.webhooks()
        return pb.ListWebhooksResponse(webhooks=map(wire.webhook_message, webhooks))
