"""The only place where the gateway's parts are constructed."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp

from chassis.lifecycle import Lifecycle
from chassis.rpc import service_token
from chassis.rpc.certificates import own_certificates
from chassis.telemetry.log import logger
from gateway import problems
from gateway.clients import Clients, Health, State
from gateway.events import EventStreams
from gateway.issuer import issuer_routes
from gateway.routes import (
    Frame,
    GatewayServer,
    StandIn,
    cap_routes,
    console_routes,
    documentation_routes,
    open311_routes,
    operations_routes,
)
from gateway.schemas.contracts import Contracts, Method, read_contracts
from gateway.settings import Settings
from gateway.transcoder import Answer, document, transcoded_routes, unary


async def serve(settings: Settings) -> None:
    """Serve until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings) -> int:
    """Start the gateway within a lifecycle; tell its HTTP port."""
    life.trace("gateway", settings.otlp_endpoint)
    targets = {
        "ward.residency.v1": settings.residency_target,
        "ward.fire_safety.v1": settings.fire_safety_target,
        "ward.incidents.v1": settings.incidents_target,
    }
    clients, streams = Clients(targets, own_certificates(settings)), EventStreams()
    life.at_stop(clients.close)
    health = Health(clients)
    life.background("health", health.run())
    app = make_app(settings, read_contracts(frozenset(targets)), clients, health.states, streams)
    server = GatewayServer(app, settings.http_listen)
    life.serve_http(server)
    life.at_stop(streams.close)
    logger().info("listening", port=server.port)
    return server.port


def make_app(
    settings: Settings,
    contracts: Contracts,
    clients: Clients,
    states: dict[str, State],
    streams: EventStreams,
) -> ASGIApp:
    """Put routes, problems and frame together."""

    def answer_of(method: Method) -> Answer:
        if method.streams:
            return streams.answer(clients.stream(method))
        if method.document:
            return document(clients.unary(method), method.document)
        return unary(clients.unary(method))

    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=problems.HANDLERS,
    )
    app.router.routes.append(transcoded_routes(contracts.methods, answer_of, clients.refuse))
    _include(app, operations_routes(states))
    _include(app, documentation_routes(contracts))
    _include(app, console_routes(contracts))
    service_token.tell_expiry(settings.service_token_file)
    stand_in = StandIn(settings.service_token_file)
    service_requests = clients.caller(contracts, "ward.incidents.v1.ServiceRequestsService")
    _include(app, open311_routes(service_requests, stand_in, settings.ward_code))
    alerts = clients.caller(contracts, "ward.incidents.v1.PublicAlertsService")
    _include(app, cap_routes(alerts, stand_in, settings.ward_code))
    if settings.dev_jwks_file:
        _include(app, issuer_routes(settings.auth_issuer, settings.dev_jwks_file))
    return Frame(app)


def _include(app: FastAPI, router: APIRouter) -> None:
    """Add routes that are no look at data; monitors and readers of feeds may ask without the content (HEAD)."""
    for route in router.routes:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            route.methods = {"GET", "HEAD"}
    app.include_router(router)
