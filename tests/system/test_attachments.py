"""A photo on its way from a citizen's telephone to an officer, over HTTP only."""

import io
from uuid import uuid4

import pytest
from PIL import Image

from stack.issuer import Role
from stack.supervisor import Stack
from tests.system.officer import Officer
from tests.system.photos import NAME, digest_of, noise, send

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(120),
]


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
    assert digest_of(saved.content) == sent["sha256"]
    with Image.open(io.BytesIO(saved.content)) as photo:
        assert photo.size == (640, 480)
        assert dict(photo.getexif()) == {}
