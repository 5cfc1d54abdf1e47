"""`/openapi.json` and `/docs`: Swagger UI from its package's own files, without a request to anybody else."""

import json

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response
from swagger_ui_bundle import swagger_ui_path  # type: ignore[import-untyped]

from gateway import openapi
from gateway.schemas.contracts import Contracts

# Everything comes from the gateway itself; the style sheet holds its icons as data.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
_PAGE = f"""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{openapi.TITLE}</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# No validator: it would send the description's address to a stranger. Tokens are forgotten with the page.
_START = """SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
"""


def documentation_routes(contracts: Contracts) -> APIRouter:
    """Make the routes; the description is written once."""
    router = APIRouter()
    _add_constant(router, "/openapi.json", _json(openapi.document(contracts)), "application/json")
    # The packaged Swagger UI reads OpenAPI up to 3.0, and the description is valid under both.
    older = openapi.document(contracts, openapi="3.0.3")
    _add_constant(router, "/docs/openapi.json", _json(older), "application/json")
    _add_constant(router, "/docs/start.js", _START, "text/javascript")
    for name, media_type in _FILES.items():
        _add_file(router, name, media_type)

    @router.get("/docs")
    async def page() -> HTMLResponse:
        return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})

    return router


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)


def _add_constant(router: APIRouter, path: str, content: str, media_type: str) -> None:
    @router.get(path)
    async def constant() -> Response:
        return Response(content, media_type=media_type, headers={"cache-control": "no-cache"})


def _add_file(router: APIRouter, name: str, media_type: str) -> None:
    @router.get(f"/docs/{name}")
    async def file() -> FileResponse:
        return FileResponse(
            swagger_ui_path / name,
            media_type=media_type,
            headers={"cache-control": "public, max-age=86400"},
        )
