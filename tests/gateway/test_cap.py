"""Public warnings as CAP 1.2: valid against the schema of OASIS, and told to whom they concern."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import RoleNotAllowedError
from chassis.lifecycle import Lifecycle
from chassis.rpc.tokens import TokenVerifier
from gateway import app
from gateway.routes.cap.documents import ATOM, CAP, alert_document
from stack.issuer import WARD_CODE, Issuer
from tests.fixtures.servers import ISSUER_ADDRESS, MakeToken
from tests.gateway.conftest import Ward
from tests.gateway.scripted import ScriptedService
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import public_alerts_pb2 as pb

SCHEMA = Path(__file__).parent / "data" / "cap" / "CAP-v1.2.xsd"
SENT = datetime(2026, 1, 5, 19, 14, 5, 700_000, tzinfo=UTC)
TEXTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
    ),
    min_size=1,
    max_size=40,
)


@cache
def schema() -> xmlschema.XMLSchema:
    """Load the schema once; nothing is fetched for it."""
    return xmlschema.XMLSchema(str(SCHEMA), allow="local")


def corners() -> list[fire.Position]:
    """Give a closed triangle."""
    places = [(20.9, 106.3), (20.91, 106.3), (20.9, 106.31), (20.9, 106.3)]
    return [fire.Position(latitude=north, longitude=east) for north, east in places]


def alert(number: str = "CB-2026-000002", **fields: Any) -> pb.PublicAlert:
    """Make a warning; every field may be said otherwise."""
    text = pb.AlertText(
        event="Cháy <lớn>",
        headline="Khói & lửa",
        description="Tránh xa",
        instruction="Đóng cửa",
        area="Tổ 4",
    )
    content = pb.AlertContent(
        category=pb.ALERT_CATEGORY_CBRNE,
        urgency=pb.ALERT_URGENCY_IMMEDIATE,
        severity=pb.ALERT_SEVERITY_SEVERE,
        certainty=pb.ALERT_CERTAINTY_OBSERVED,
        responses=[pb.ALERT_RESPONSE_SHELTER, pb.ALERT_RESPONSE_ALL_CLEAR],
        vi=text,
        en=text,
        polygon=corners(),
        circle=pb.AlertCircle(centre=corners()[0], radius_km=0.5),
    )
    said: dict[str, Any] = {
        "number": number,
        "sender": "ward-11002",
        "sender_name": "Phường số an toàn",
        "ward_code": "11002",
        "message_type": pb.ALERT_MESSAGE_TYPE_ALERT,
        "content": content,
    }
    made = pb.PublicAlert(**{**said, **fields})
    made.sent_at.FromDatetime(SENT)
    made.expires_at.FromDatetime(SENT)
    return made


def choice(contract: Any) -> st.SearchStrategy[int]:
    """Choose any value that is said."""
    return st.sampled_from([number for number in contract.values() if number])


@settings(max_examples=40, deadline=None)
@given(
    data=st.data(),
    exercise=st.booleans(),
    message_type=choice(pb.AlertMessageType),
    text=TEXTS,
    circle=st.booleans(),
)
def test_every_message_is_valid_against_the_schema(
    *, data: st.DataObject, exercise: bool, message_type: int, text: str, circle: bool
) -> None:
    """Of each code a word of the standard, whatever people write; and the texts come back as they were."""
    made = alert(exercise=exercise, message_type=message_type)
    content = made.content
    content.category = data.draw(choice(pb.AlertCategory))
    content.urgency = data.draw(choice(pb.AlertUrgency))
    content.severity = data.draw(choice(pb.AlertSeverity))
    content.certainty = data.draw(choice(pb.AlertCertainty))
    content.responses[:] = data.draw(st.lists(choice(pb.AlertResponse), max_size=3))
    content.vi.headline = text
    if not circle:
        content.ClearField("circle")
    written = alert_document(made)
    root = ET.fromstring(written)  # noqa: S314 - our own

    schema().validate(written.decode())
    assert root.findtext(f"{{{CAP}}}info/{{{CAP}}}headline") == text


def test_a_message_says_what_the_standard_has_words_for() -> None:
    """References with sender, number and moment; times with an offset in numbers; both languages; no personal data."""
    before = pb.AlertReference(sender="ward-11002", number="CB-2026-000001")
    before.sent_at.FromDatetime(SENT)
    made = alert(
        message_type=pb.ALERT_MESSAGE_TYPE_UPDATE, references=[before, before], exercise=True
    )
    told = schema().to_dict(alert_document(made).decode())
    first, second = told["info"]
    reference = "ward-11002,CB-2026-000001,2026-01-06T02:14:05+07:00"
    assert told["references"] == f"{reference} {reference}"
    assert told["status"] == "Exercise"
    assert told["scope"] == "Restricted"
    assert told["msgType"] == "Update"
    assert [one["language"] for one in (first, second)] == ["vi-VN", "en-US"]
    assert first["responseType"] == ["Shelter", "AllClear"]
    assert first["area"][0]["circle"] == ["20.900000,106.300000 0.5"]
    assert "contact" not in first


@pytest.fixture
async def incidents(issuer: Issuer) -> AsyncGenerator[ScriptedService]:
    """Start a scripted service of warnings."""
    verifier = TokenVerifier(
        ISSUER_ADDRESS, "safe-digital-ward", issuer.jwks_url, ward_code=WARD_CODE
    )
    service = ScriptedService(pb.DESCRIPTOR.services_by_name["PublicAlertsService"], verifier)
    await service.start()
    yield service
    await service.stop()


@pytest.mark.http
async def test_feeds_are_of_the_wards_warnings_or_of_exercises(
    ward: Ward, incidents: ScriptedService, issuer: Issuer, make_token: MakeToken, tmp_path: Path
) -> None:
    """Everybody is told the first by the gateway itself; the second whoever signs in and may be told them."""
    token_file = tmp_path / "gateway.token"
    token_file.write_text(make_token("service"))
    settings_ = ward.settings(issuer).model_copy(
        update={"incidents_target": incidents.target, "service_token_file": token_file}
    )

    async def listed(asked: pb.ListPublicAlertsRequest) -> pb.ListPublicAlertsResponse:
        if asked.exercise and incidents.seen[-1][1] != "demo-duty-officer":
            raise RoleNotAllowedError(method="ListPublicAlerts")
        return pb.ListPublicAlertsResponse(alerts=[alert(exercise=asked.exercise)])

    incidents.answers["ListPublicAlerts"] = listed
    incidents.answers["GetPublicAlert"] = pb.GetPublicAlertResponse(alert=alert())
    async with Lifecycle() as life:
        port = await app.start(life, settings_)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}/cap") as client:
            feed = await client.get("/alerts.atom")
            link = ET.fromstring(feed.content).find(  # noqa: S314 - our own
                f"{{{ATOM}}}entry/{{{ATOM}}}link"
            )
            assert link is not None
            one = await client.get(f"/{link.get('href')}")
            unwritable = await client.get("/alerts/%00.xml")
            drill = await client.get("/exercises/CB-2026-000002.xml")
            officer = {"authorization": f"Bearer {make_token('duty_officer')}"}
            of_exercises = await client.get("/exercises.atom", headers=officer)
            wrong = await client.get("/exercises/CB-2026-000002.xml", headers=officer)
            citizen = {"authorization": f"Bearer {make_token('citizen')}"}
            refused = await client.get("/exercises.atom", headers=citizen)

    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert one.headers["content-type"] == "application/cap+xml"
    schema().validate(one.text)
    assert (unwritable.status_code, unwritable.json()["reason"]) == (400, "FIELD_INVALID")
    assert drill.status_code == 401
    assert of_exercises.status_code == 200
    assert (wrong.status_code, wrong.json()["reason"]) == (404, "PUBLIC_ALERT_NOT_FOUND")
    assert refused.status_code == 403
