"""The duty officer's page: what it is made of, what it asks, and the words it has."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files

import httpx2
import pytest
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from gateway.schemas.contracts import read_contracts
from incidents.domain.lifecycle.states import STATE_WORDS
from incidents.printing import wording
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.fire_safety.v1 import modes_pb2, supply_points_pb2
from ward.incidents.v1 import incidents_pb2 as pb
from ward.residency.v1 import lookups_pb2
from ward.residency.v1 import residency_pb2 as residency

FILES = {
    file.name: file.read_text(encoding="utf-8")
    for file in files("gateway").joinpath("console").iterdir()
}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}
WORDS: Mapping[str, str] = json.loads(FILES["words.json"])
# Values that no brief, list or disclosure holds; of alarms that were none, only what they were instead.
NEVER_SHOWN = {
    "ALARM_KIND_UNSPECIFIED",
    "ASSISTANCE_TYPE_UNSPECIFIED",
    "DEVICE_MODE_KIND_UNSPECIFIED",
    "DISPOSITION_DRILL",
    "DISPOSITION_FIRE",
    "DISPOSITION_TEST",
    "DISPOSITION_UNSPECIFIED",
    "INCIDENT_KIND_UNSPECIFIED",
    "INCIDENT_STATE_UNSPECIFIED",
    "NEIGHBOUR_RELATION_UNSPECIFIED",
    "PERSON_FIELD_UNSPECIFIED",
    "PRESENCE_KIND_UNSPECIFIED",
    "PRESENCE_PERIOD_UNSPECIFIED",
    "SUPPLY_POINT_KIND_UNSPECIFIED",
}
SHOWN = [
    fire.AlarmKind,
    fire.Disposition,
    modes_pb2.DeviceModeKind,
    supply_points_pb2.SupplyPointKind,
    supply_points_pb2.SupplyPointState,
    residency.AssistanceType,
    lookups_pb2.PersonField,
    pb.IncidentKind,
    pb.IncidentState,
    pb.PresenceKind,
    pb.Bound,
    pb.PresencePeriod,
    pb.NeighbourRelation,
]
PRINTED = [
    (fire.AlarmKind, wording.ALARMS),
    (fire.Disposition, wording.DISPOSITIONS),
    (modes_pb2.DeviceModeKind, wording.MODES),
    (modes_pb2.ModeScope, wording.SCOPES),
    (supply_points_pb2.SupplyPointKind, wording.SUPPLY_POINTS),
    (supply_points_pb2.SupplyPointState, wording.SUPPLY_STATES),
    (residency.AssistanceType, wording.ASSISTANCE),
    (pb.PresenceKind, wording.PRESENCE),
    (pb.Bound, wording.BOUNDS),
    (pb.PresencePeriod, wording.PERIODS),
    (pb.NeighbourRelation, wording.RELATIONS),
]


@pytest.mark.http
async def test_the_page_and_all_it_names_are_served_without_signing_in(address: str) -> None:
    """Each file with its media type, also for whoever asks for the head only."""
    async with httpx2.AsyncClient(base_url=address) as anybody:
        page = await anybody.get("/")
        named = set(re.findall(r'(?:href|src)="(/[^"]*)"', page.text))
        for script in SCRIPTS.values():
            named |= set(re.findall(r'(?:from |\()"(/console/[^"]+)"', script))
        answers = {path: await anybody.get(path) for path in named}
        head = await anybody.head("/")

    own = {f"/console/{name}" for name in FILES} - {"/console/index.html"}
    assert own | {"/console/roles.json"} == named
    assert {answer.status_code for answer in answers.values()} == {200}
    assert (
        answers["/console/console.js"].headers["content-type"] == "text/javascript; charset=utf-8"
    )
    assert answers["/console/words.json"].json() == WORDS
    assert (page.status_code, head.status_code, head.content) == (200, 200, b"")
    assert page.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.http
async def test_the_page_offers_each_act_to_those_who_may_do_it(address: str) -> None:
    """As the contracts have it: nobody presses a button at three in the morning to be refused."""
    async with httpx2.AsyncClient(base_url=address) as anybody:
        roles = (await anybody.get("/console/roles.json")).json()

    offered = {
        act for script in SCRIPTS.values() for act in re.findall(r'\.may\("(\w+)"\)', script)
    }
    assert offered == roles.keys()
    assert roles["names"] == ["duty_officer"]
    assert roles["take"] == ["duty_officer", "fire_officer", "ward_executive"]
    assert "responder" in roles["print"]
    assert "responder" not in roles["see"]


@pytest.mark.http
async def test_links_in_messages_open_the_page(address: str) -> None:
    """The incident that they name is read by the page itself."""
    async with httpx2.AsyncClient(base_url=address) as anybody:
        linked = await anybody.get("/incidents/d2e29799-dcbe-4a17-87bb-785c0673d933")

    assert linked.text == FILES["index.html"]


@pytest.mark.http
async def test_the_browser_is_told_to_let_nothing_else_in(address: str) -> None:
    """No script or style but the gateway's own, no other server, no frame, no markup made of text."""
    async with httpx2.AsyncClient(base_url=address) as anybody:
        policy = (await anybody.get("/")).headers["content-security-policy"]

    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_the_page_has_nothing_that_its_policy_forbids() -> None:
    """A browser would leave it out without a word to the officer."""
    page = FILES["index.html"]

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=)", page)
    for name, text in FILES.items():
        assert not re.search(r"https?://", text), name
    for name, script in SCRIPTS.items():
        assert not re.search(
            r"innerHTML|style:|outerHTML|insertAdjacent|document\.write|eval\(", script
        ), name


def test_every_address_it_asks_is_one_of_the_contracts() -> None:
    """With the verb that the contract has for it."""
    contracts = read_contracts(frozenset({"ward.fire_safety.v1", "ward.incidents.v1"}))
    known = {
        (binding.verb, re.sub(r"\{[^}]+\}", "{}", binding.template))
        for method in contracts.methods
        for binding in method.bindings
    }
    asked = set()
    for script in SCRIPTS.values():
        for verb, path in re.findall(
            r"\.(get|post|document|#ask|#list)\([`\"](/v1/[^`\"?]+)", script
        ):
            asked.add(("POST" if verb == "post" else "GET", re.sub(r"\$\{[^}]+\}", "{}", path)))

    assert asked == {
        ("GET", "/v1/alarms"),
        ("GET", "/v1/incidents"),
        ("GET", "/v1/incidents:watch"),
        ("GET", "/v1/incidents/{}/brief"),
        ("GET", "/v1/incidents/{}/brief.pdf"),
        ("POST", "/v1/alarms/{}:acknowledge"),
        ("POST", "/v1/incidents/{}:acknowledge"),
        ("POST", "/v1/incidents/{}:discloseOccupants"),
    }
    assert asked <= known


@pytest.mark.parametrize("values", SHOWN, ids=lambda values: str(values.DESCRIPTOR.name))
def test_every_value_that_it_may_show_has_a_word(values: EnumTypeWrapper) -> None:
    """A contract that grows must not show an officer its own names."""
    assert set(values.keys()) - NEVER_SHOWN <= WORDS.keys()


@pytest.mark.parametrize(("values", "words"), PRINTED)
def test_screen_and_paper_say_the_same(values: EnumTypeWrapper, words: Mapping[int, str]) -> None:
    """Who reads one brief on both must not wonder."""
    assert {values.Name(value): word for value, word in words.items()}.items() <= WORDS.items()


def test_screen_and_refusals_call_a_state_of_an_incident_the_same() -> None:
    """Who is refused finds the state of the refusal on the page."""
    told = {f"INCIDENT_STATE_{state}": words.vi for state, words in STATE_WORDS.items()}

    assert told.items() <= WORDS.items()


def test_screen_and_paper_name_the_same_people_and_sources() -> None:
    """Recipients, sources and suspensions are not enumerations."""
    for words in (wording.RECIPIENTS, wording.SOURCES, wording.SUSPENSIONS):
        assert words.items() <= WORDS.items()
