"""Tiny commands in place of the services, so that supervision is tried without them."""

import sys
from pathlib import Path

from stack.installation import Installation
from stack.plan import Plan, Service, Task

ANSWER_READY = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
NOTE_A_RUN = """
import pathlib, sys
with pathlib.Path(sys.argv[1]).open("a") as file:
    file.write("ran\\n")
"""
FAIL = "import sys; sys.exit('no such table: dwelling')"
SLEEP = "import time; time.sleep(600)"


def python(script: str, *arguments: object) -> tuple[str | Path, ...]:
    """Return the command that runs a script in a Python that starts quickly."""
    return (sys.executable, "-I", "-S", "-c", script, *map(str, arguments))


def two_services(place: Installation) -> Plan:
    """Plan a database, one task of each kind, and two services in order."""
    ports = place.ports
    every, once = place.run_dir / "every-start", place.run_dir / "first-start"
    return Plan(
        databases=("residency",),
        tasks=(
            (Task("every", "Mỗi lần", "every start", python(NOTE_A_RUN, every)),),
            (Task("once", "Lần đầu", "first start", python(NOTE_A_RUN, once), once="x"),),
        ),
        services=(
            (
                _ready("residency", ports.residency_admin_port),
                _ready("gateway", ports.gateway_port),
            ),
            (Service("fleet", python(SLEEP)),),
        ),
    )


def failing_service(_: Installation) -> Plan:
    """Plan a service that works beside one that never starts."""
    return Plan(services=((Service("fleet", python(SLEEP)), Service("incidents", python(FAIL))),))


def failing_task(_: Installation) -> Plan:
    """Plan a first-run task that fails."""
    return Plan(tasks=((Task("import", "Nạp", "import", python(FAIL), once="x"),),))


def endless_task(_: Installation) -> Plan:
    """Plan a task that never ends."""
    return Plan(tasks=((Task("import", "Nạp", "import", python(SLEEP)),),))


def _ready(name: str, port: int) -> Service:
    return Service(name, python(ANSWER_READY, port), ready_port=port)
