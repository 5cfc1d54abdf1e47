"""A photo on its way from a citizen's telephone to an officer, over HTTP only."""

import base64
import hashlib
import io
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from stack.issuer import Role
from stack.supervisor import Stack
from tests.system.officer import Officer

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]

NAME = "ảnh Giả Định.jpg"


def noise() -> bytes:
    """Make a photo that takes several parts, with a place in it."""
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (20.0, 54.0, 0.0)})
    written = io.BytesIO()
    Image.effect_noise((640, 480), 90).save(written, "JPEG", exif=exif)
    return written.getvalue()


async def send(citizen: Officer, content: bytes, **owner: Any) -> dict[str, Any]:
    """Add a file as a telephone does: what is missing, from the last part to the first."""
    begun = await citizen.post(
        "/v1/attachments:begin",
        fileName=NAME,
        sizeBytes=str(len(content)),
        sha256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
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
        while answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            answer = await citizen.client.post("/v1/attachments:addPart", json=said)
        assert answer.status_code == httpx.codes.OK
    ended = await citizen.client.post("/v1/attachments:complete", json=named)
    return {**named, "status": ended.status_code, **ended.json()}


async def test_a_citizens_photo_comes_to_the_officer_and_is_saved_not_shown(
    ward: Stack, officer: Officer
) -> None:
    """In parts, by the receipt; without the place that it knew, under its name, and by nobody else's look."""
    content = noise()
    async with Officer(ward.installation, Role.CITIZEN) as citizen:
        reported = await citizen.post(
            "/v1/reports", category="on_scene", description="nắp cống vỡ", address="số 1"
        )
        receipt = reported["receipt"]
        proof = {"number": receipt["number"], "followUpToken": receipt["followUpToken"]}
        chosen = {"x-request-id": str(uuid4())}
        sent = await send(citizen, content, receipt=proof)
        page = await send(citizen, content + b"<script>alert(1)</script>", receipt=proof)
        looked = await citizen.client.get(
            "/v1/attachments", params={"reportId": receipt["reportId"]}
        )
        told = await citizen.client.post(
            "/v1/attachments:progress",
            json={name: sent[name] for name in ("attachmentId", "uploadToken")},
            headers=chosen,
        )
    listed = await officer.get("/v1/attachments", reportId=receipt["reportId"])
    saved = await officer.client.get(f"/v1/attachments/{sent['attachmentId']}/content")

    assert len(content) > 2 * 65_536
    assert (sent["status"], sent["mediaType"]) == (200, "image/jpeg")
    assert (page["status"], page["reason"]) == (400, "ATTACHMENT_REFUSED")
    assert looked.status_code == 403
    assert told.json()["progress"]["completed"]
    # Whoever gave a tip is not known by the request ids of their other calls.
    assert told.headers["x-request-id"] != chosen["x-request-id"]
    assert [one["fileName"] for one in listed["attachments"]] == [NAME]
    assert saved.headers["content-type"] == "image/jpeg"
    assert saved.headers["content-disposition"].startswith(
        "attachment; filename*=UTF-8''%E1%BA%A3nh"
    )
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert saved.headers["cache-control"] == "no-store"
    assert base64.b64encode(hashlib.sha256(saved.content).digest()).decode() == sent["sha256"]
    with Image.open(io.BytesIO(saved.content)) as photo:
        assert photo.size == (640, 480)
        assert dict(photo.getexif()) == {}
