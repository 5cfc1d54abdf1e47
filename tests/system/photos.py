"""Photos on their way into the ward and back, over HTTP only."""

import base64
import hashlib
import io
from collections.abc import Iterable, Mapping
from typing import Any

import httpx2
from PIL import Image

from tests.system.officer import Officer

NAME = "ảnh Giả Định.jpg"


def noise() -> bytes:
    """Make a photo that takes several parts, with a place in it."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (20.0, 54.0, 0.0)})
    written = io.BytesIO()
    Image.effect_noise((640, 480), 90).save(written, "JPEG", exif=exif)
    return written.getvalue()


def digest_of(content: bytes) -> str:
    """Tell the SHA-256 of a file as the contracts write it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


async def send(citizen: Officer, content: bytes, **owner: Any) -> dict[str, Any]:
    """Add a file as a telephone does: what is missing, from the last part to the first."""
    begun = await citizen.post(
        "/v1/attachments:begin",
        fileName=NAME,
        sizeBytes=str(len(content)),
        sha256=digest_of(content),
        **owner,
    )
    progress = begun["progress"]
    named = {
        "attachmentId": progress["attachmentId"],
        "uploadToken": begun["uploadToken"],
    }
    length = progress["partBytes"]
    for number in reversed(progress["missing"]):
        part = content[(number - 1) * length : number * length]
        said = {"number": number, "content": base64.b64encode(part).decode(), **named}
        answer = await citizen.client.post("/v1/attachments:addPart", json=said)
        while answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
            answer = await citizen.client.post("/v1/attachments:addPart", json=said)
        assert answer.status_code == httpx2.codes.OK
    ended = await citizen.client.post("/v1/attachments:complete", json=named)
    return {**named, "status": ended.status_code, **ended.json()}


async def send_of(officer: Officer, premises: Iterable[str]) -> dict[str, str]:
    """Add one to the open incident of each premises; tell the SHA-256 of what is to come back, by its id."""
    sent = {}
    for premises_id in premises:
        (incident,) = await officer.open_incidents(premises_id)
        photo = await send(officer, noise(), incidentId=incident["incidentId"])
        assert photo["status"] == 200
        sent[photo["attachmentId"]] = photo["sha256"]
    return sent


async def not_given_back(officer: Officer, sent: Mapping[str, str]) -> list[str]:
    """Tell which of them are not there, byte for byte."""
    return [one for one, digest in sent.items() if await _digest(officer, one) != digest]


async def _digest(officer: Officer, attachment_id: str) -> str:
    saved = await officer.client.get(f"/v1/attachments/{attachment_id}/content")
    return digest_of(saved.content)
