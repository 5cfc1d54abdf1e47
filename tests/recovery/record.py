"""Makes `tests/recovery/previous`: what an earlier commit of this repository left of a small ward in use.

`python -m tests.recovery.record COMMIT` installs that commit in a folder of its own, runs its platform and writes dumps
of its databases, its keys, the settings of its streams, what was acknowledged, and an event that nobody had taken when
it was stopped. Nobody of the ward exists; personal identification numbers begin with 999.
"""

import argparse
import asyncio
import base64
import gzip
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import nats

from stack import postgres_binaries
from stack.installation import DATABASE_SERVICES, Installation
from stack.postgres import SUPERUSER
from stack.settings import REPOSITORY
from stack.supervisor import Stack
from tests.system.ledger import Ledger
from tests.system.load import Load
from tests.system.officer import Officer
from tests.system.smoke import CLEAN_AIR, SMOKE, Detector

PREVIOUS = Path(__file__).parent / "previous"
ALARM_RAISED = "ward.fire_safety.v1.AlarmRaised"
_RESIDENTS = 120
# What an installation has beside its servers' data.
_KEPT = ("secrets", "issuer", "certificates", "ward", "done")
# Premises that burned and were told, one whose alarm nobody has taken yet, one whose device sends, and quiet ones.
TOLD, UNDER_WAY, SENDING, QUIET = range(1, 4), 4, 5, range(6, 8)


def main() -> None:
    """Record what the named commit leaves; with `--inside` by the Python that has it installed."""
    parser = argparse.ArgumentParser(prog="python -m tests.recovery.record", description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        asyncio.run(_record(given.commit))
    else:
        _run_earlier(given.commit)


def _run_earlier(commit: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder) / "earlier"
        git = ("git", "-C", REPOSITORY, "worktree")
        subprocess.run([*git, "add", "--detach", earlier, commit], check=True)  # noqa: S603 - ours
        try:
            subprocess.run(["make", "-C", earlier, "install"], check=True)  # noqa: S603, S607 - ours
            python = earlier / ".venv" / "bin" / "python"
            command: list[str | Path] = [python, "-m", "tests.recovery.record", commit, "--inside"]
            subprocess.run(command, check=True, cwd=REPOSITORY)  # noqa: S603 - this very module
        finally:
            subprocess.run([*git, "remove", "--force", earlier], check=True)  # noqa: S603 - ours


async def _record(commit: str) -> None:
    PREVIOUS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        run_dir = Path(folder) / "ward"
        async with Stack(run_dir, residents=_RESIDENTS, fleet=False) as stack:
            told = {"commit": commit, **await _use(stack)}
            await asyncio.to_thread(_dump, stack.installation)
        await asyncio.to_thread(_keep, run_dir)
    (PREVIOUS / "told.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


async def _use(stack: Stack) -> dict[str, Any]:
    """Let fires break out, be told and be looked at, and one more whose event nobody takes."""
    place, ledger = stack.installation, Ledger()
    load = await Load.choose(place, ledger, TOLD, fire_s=1)
    async with Officer(place) as officer:
        async with load.running(officer):
            while len(load.burning) < len(TOLD):
                await asyncio.sleep(0.1)
            await load.until_told(officer)
        waiting = await officer.premises(UNDER_WAY)
        device = (await officer.devices(waiting["premisesId"]))[0]
        await stack.hold_down("incidents")
        detector = Detector(place, device)
        await detector.report(CLEAN_AIR, 3)
        await detector.report(SMOKE, 10)
        await officer.until(lambda: officer.open_alarms(device))
        streams, event = await _streams(place)
        sending = await officer.premises(SENDING)
        sender = (await officer.devices(sending["premisesId"]))[0]
    return {
        "acknowledged": {kind.name: sorted(names) for kind, names in ledger.entries.items()},
        "told": {"premises": waiting["premisesId"], "device": device, "event": event},
        "sent": {"premises": sending["premisesId"], "device": sender},
        "streams": streams,
    }


async def _streams(place: Installation) -> tuple[list[Any], dict[str, Any]]:
    """Read how the streams are set, and the newest event of an alarm."""
    client = await nats.connect(place.nats.url)
    try:
        answer = await client.request("$JS.API.STREAM.LIST", b"")
        message = await client.jetstream().get_last_msg("EVENTS", ALARM_RAISED)
    finally:
        await client.close()
    data = base64.b64encode(message.data or b"").decode()
    event = {"subject": message.subject, "headers": message.headers or {}, "data": data}
    return [one["config"] for one in json.loads(answer.data)["streams"]], event


def _dump(place: Installation) -> None:
    program = postgres_binaries.choose(Path()).program("pg_dump")
    for name in DATABASE_SERVICES:
        dumped = subprocess.run(  # noqa: S603 - PostgreSQL's own client
            [program, "-h", "127.0.0.1", "-p", str(place.postgres.port), "-U", SUPERUSER, name],
            env={"PGPASSWORD": place.postgres.password_for(SUPERUSER), "LANG": "C.UTF-8"},
            check=True,
            capture_output=True,
        ).stdout
        (PREVIOUS / f"{name}.sql.gz").write_bytes(gzip.compress(dumped, mtime=0))


def _keep(run_dir: Path) -> None:
    with tarfile.open(PREVIOUS / "installation.tar.gz", "w:gz") as kept:
        for name in _KEPT:
            kept.add(run_dir / name, name)


if __name__ == "__main__":
    main()
