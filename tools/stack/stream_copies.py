"""Copies of the broker's streams, by its own snapshots: taken while it works, and given back to an empty broker."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from chassis.broker.jetstream import ACCESS_WITNESS, EVENTS
from stack.errors import StackError

_API = "$JS.API.STREAM"
_ANSWER_S = 30.0
# As large as the broker's own, so that a copy goes back in the pieces it came in.
_CHUNK_BYTES = 128 * 1024
# Where sessions of MQTT stand. Of all other streams consumers begin anew: what was taken after the databases were
# copied must come again, and whoever takes it knows what it has taken before.
_MQTT = "$MQTT_"
_WITNESS = ACCESS_WITNESS.name


class StreamCopyError(StackError):
    """The broker refused to copy a stream, or to take a copy."""

    def __init__(self, stream: str, cause: object) -> None:
        super().__init__(
            f"NATS không sao chép được luồng {stream}: {cause}",
            f"NATS could not copy the stream {stream}: {cause}",
        )


async def copy_witness(client: Client, folder: Path) -> int:
    """Copy the stream that witnesses the account of looks, as `copy_streams` does the others."""
    names = await _names(client)
    return await _copy(client, _WITNESS, folder) if _WITNESS in names else 0


async def count_expiries(client: Client, folder: Path) -> int:
    """Tell how many expiries of the account were witnessed since its witness was copied; raises StreamCopyError."""
    if _WITNESS not in await _names(client):
        return 0
    copied = folder / f"{_WITNESS}.json"
    kept = json.loads(await asyncio.to_thread(copied.read_text)) if copied.exists() else None
    begin = kept["state"]["last_seq"] if kept else 0
    told = await _ask(client, _WITNESS, f"{_API}.INFO.{_WITNESS}", {})
    expiries = 0
    for sequence in range(begin + 1, told["state"]["last_seq"] + 1):
        asked = {"seq": sequence}
        found = await _ask(client, _WITNESS, f"{_API}.MSG.GET.{_WITNESS}", asked)
        expiries += "expired" in json.loads(b64decode(found["message"]["data"]))
    return expiries


async def copy_streams(client: Client, folder: Path) -> int:
    """Copy the other streams into a folder, events first; tell how many messages they hold. Raises StreamCopyError."""
    names = sorted(set(await _names(client)) - {_WITNESS}, key=lambda name: name != EVENTS.name)
    return sum([await _copy(client, name, folder) for name in names])


async def restore_streams(client: Client, folder: Path) -> int:
    """Make the streams from their copies; tell how many messages they hold. Raises StreamCopyError."""
    files = await asyncio.to_thread(lambda: sorted(folder.glob("*.json")))
    return sum([await _restore(client, file) for file in files])


async def _names(client: Client) -> list[str]:
    told = await _ask(client, "all", f"{_API}.NAMES", {})
    names: list[str] = told.get("streams") or []
    return names


async def _copy(client: Client, name: str, folder: Path) -> int:
    inbox = client.new_inbox()
    chunks = await client.subscribe(inbox, pending_bytes_limit=-1)
    asked = {
        "deliver_subject": inbox,
        "chunk_size": _CHUNK_BYTES,
        "no_consumers": not name.startswith(_MQTT),
    }
    told = await _ask(client, name, f"{_API}.SNAPSHOT.{name}", asked)
    with (folder / f"{name}.tar.s2").open("wb") as file:
        while (chunk := await chunks.next_msg(_ANSWER_S)).data:
            await asyncio.to_thread(file.write, chunk.data)
            if chunk.reply:  # the last piece, where it is not a full one, asks for no answer
                await chunk.respond(b"")
    await chunks.unsubscribe()
    _refuse_failed(name, chunk)
    kept = {"config": told["config"], "state": told["state"]}
    (folder / f"{name}.json").write_text(json.dumps(kept, indent=1))
    return int(told["state"]["messages"])


async def _restore(client: Client, file: Path) -> int:
    name, kept = file.stem, json.loads(await asyncio.to_thread(file.read_text))
    told = await _ask(client, name, f"{_API}.RESTORE.{name}", kept)
    with file.with_name(f"{name}.tar.s2").open("rb") as copy:
        while chunk := await asyncio.to_thread(copy.read, _CHUNK_BYTES):
            await _request(client, name, told["deliver_subject"], chunk)
    made = json.loads(await _request(client, name, told["deliver_subject"], b""))
    return int(made["state"]["messages"])


async def _ask(client: Client, name: str, subject: str, asked: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        await _request(client, name, subject, json.dumps(asked).encode())
    )
    return told


async def _request(client: Client, name: str, subject: str, payload: bytes) -> bytes:
    answer = await client.request(subject, payload, timeout=_ANSWER_S)
    if answer.data and (error := json.loads(answer.data).get("error")):
        raise StreamCopyError(name, error["description"])
    return answer.data


def _refuse_failed(name: str, last: Msg) -> None:
    """Make sure that a copy is whole: the last, empty message says so."""
    status = (last.headers or {}).get("Status", "")
    if status and not status.startswith("2"):
        raise StreamCopyError(name, (last.headers or {}).get("Description", status))
