"""`/`: the duty officer's page, from the package's own files, without a request to anybody else.

The page knows the contracts' addresses and nothing of its own: what it shows and does is what the services let the
holder of the token see and do.
"""

import json
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.schemas.contracts import Contracts

# Markup is never made of text: `require-trusted-types-for` has the browser hold the page to it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_PAGE = "index.html"
# The second is what links in messages name (incidents' `CONSOLE_URL`); which incident it is the page reads itself.
_PAGE_PATHS = ("/", "/incidents/{incident_id}")
_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
}
# What the page offers to do, by the method behind it: it is offered to those only who may call that.
_ACTS = {
    "take": "/ward.incidents.v1.IncidentsService/AcknowledgeIncident",
    "see": "/ward.fire_safety.v1.FireSafetyService/AcknowledgeAlarm",
    "print": "/ward.incidents.v1.PrintingService/PrintRescueBrief",
    "names": "/ward.incidents.v1.IncidentsService/DiscloseOccupants",
}


def console_routes(contracts: Contracts) -> APIRouter:
    """Make the routes; the files are read once."""
    router = APIRouter()
    _add(router, "roles.json", _MEDIA_TYPES[".json"], _roles(contracts))
    for file in files("gateway").joinpath("console").iterdir():
        media_type = _MEDIA_TYPES.get(Path(file.name).suffix)
        if media_type:
            _add(router, file.name, media_type, file.read_bytes())
    return router


def _roles(contracts: Contracts) -> bytes:
    """Tell which roles may do each thing that the page offers."""
    roles = {method.path: sorted(method.rule.roles) for method in contracts.methods}
    return json.dumps({act: roles[path] for act, path in _ACTS.items()}).encode()


def _add(router: APIRouter, name: str, media_type: str, content: bytes) -> None:
    headers = {"cache-control": "no-cache"}
    if name == _PAGE:
        headers["content-security-policy"] = _POLICY

    async def file() -> Response:
        return Response(content, media_type=media_type, headers=headers)

    for path in _PAGE_PATHS if name == _PAGE else (f"/console/{name}",):
        router.add_api_route(path, file)
