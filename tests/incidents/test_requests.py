"""Checks of requests, with plain messages."""

from contextlib import suppress
from uuid import UUID

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.rpc import pages
from incidents.domain.incidents.incident import IncidentNotFoundError
from incidents.domain.incidents.requests import Listing
from incidents.wire import requests
from incidents.wire.incidents import moment
from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as pb

INCIDENT = str(UUID(int=1))
REQUEST = "request-0001"


def assignment(**fields: str) -> pb.AssignIncidentRequest:
    """Make a good request to give a task, but for the fields said."""
    said = {"incident_id": INCIDENT, "request_id": REQUEST, "assignee": "Tổ 1", "task": "đi"}
    return pb.AssignIncidentRequest(**{**said, **fields})  # type: ignore[arg-type]


def closure(note: str = "", disposition: int = fire.DISPOSITION_FIRE) -> pb.CloseIncidentRequest:
    """Make a request to end an incident."""
    return pb.CloseIncidentRequest(
        incident_id=INCIDENT,
        request_id=REQUEST,
        disposition=disposition,  # type: ignore[arg-type]
        note=note,
    )


@pytest.mark.parametrize("incident_id", ["", "x", "1" * 31, "../../etc", INCIDENT + "0"])
def test_an_id_that_cannot_be_ours_is_not_found(incident_id: str) -> None:
    """Like any other unknown one."""
    with pytest.raises(IncidentNotFoundError):
        requests.read_id(incident_id)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"assignee": ""}, "assignee"),
        ({"assignee": "   "}, "assignee"),
        ({"assignee": "\u200b \u2066"}, "assignee"),
        ({"assignee": "Tổ\n1"}, "assignee"),
        ({"assignee": "x" * 121}, "assignee"),
        ({"assignee": "x\0"}, "assignee"),
        ({"task": "x" * 501}, "task"),
        ({"task": "x\x1b[31m"}, "task"),
        ({"task": "x\x9b31m"}, "task"),
        ({"request_id": ""}, "request_id"),
        ({"request_id": "short"}, "request_id"),
        ({"request_id": "with space 1"}, "request_id"),
    ],
)
def test_a_malformed_task_is_refused_by_its_field(fields: dict[str, str], field: str) -> None:
    """The caller learns which field and what is allowed."""
    with pytest.raises(FieldInvalidError) as refused:
        requests.read_assignment(assignment(**fields), "officer-1")

    assert refused.value.metadata["field"] == field


@pytest.mark.parametrize("held", ["999090000001", "Gọi 999 090 000001 nhé"])
@pytest.mark.parametrize("field", ["assignee", "task", "note"])
def test_no_identification_number_gets_into_the_timeline(field: str, held: str) -> None:
    """What is there can never be taken out; the refusal does not repeat it."""
    with pytest.raises(FieldInvalidError) as refused:
        if field == "note":
            requests.read_closure(closure(held), "officer-1")
        else:
            requests.read_assignment(assignment(**{field: held}), "officer-1")

    assert refused.value.metadata == {"field": field}
    assert refused.value.rule.en == "no identification numbers"


def test_a_telephone_number_may_be_noted() -> None:
    """Whom to call is of use."""
    assert requests.read_closure(closure("0100 123 456"), "officer-1").note == "0100 123 456"


def test_nothing_unseen_gets_into_the_timeline() -> None:
    """A mark that turns the direction of writing would have others read another unit than was said."""
    asked = assignment(assignee="\u202egnuhc iộđ\u202c", task="g\u00adọi\u200b anh ấy")

    read = requests.read_assignment(asked, "officer-1")

    assert (read.assignee, read.task) == ("gnuhc iộđ", "gọi anh ấy")


@pytest.mark.parametrize("seconds", [-62135596800, 253402275600, 253402300799])
def test_a_moment_that_the_ward_has_not_is_none(seconds: int) -> None:
    """The first of all, which the database keeps as minus infinity, and those in the year 10000 here."""
    assert moment(Timestamp(seconds=253402275599)).year == 9999
    assert moment(Timestamp(seconds=-62135596799)).year == 1
    with pytest.raises((ValueError, OverflowError)):
        moment(Timestamp(seconds=seconds))


def test_a_task_is_read_as_it_was_said() -> None:
    """Trimmed, lines kept, at its longest."""
    read = requests.read_assignment(
        assignment(assignee=f" {'x' * 120} ", task=f"{'y' * 249}\n{'y' * 250}"), "officer-1"
    )

    assert read.assignee == "x" * 120
    assert len(read.task) == 500
    assert read.account == "officer-1"


@pytest.mark.parametrize("disposition", [fire.DISPOSITION_UNSPECIFIED, 99])
def test_a_close_says_what_it_turned_out_to_be(disposition: int) -> None:
    """And its note is not a novel."""
    with pytest.raises(FieldInvalidError, match="FIELD_INVALID"):
        requests.read_closure(closure(disposition=disposition), "officer-1")
    with pytest.raises(FieldInvalidError, match="FIELD_INVALID"):
        requests.read_closure(closure("x" * 2001), "officer-1")

    assert requests.read_closure(closure("x" * 2000), "officer-1").note == "x" * 2000


@pytest.mark.parametrize(
    "token",
    [
        "x",
        pages.encode("yesterday", INCIDENT),
        pages.encode("2026-11-23T19:14:00", INCIDENT),
        pages.encode("2026-11-23T19:14:00+00:00", "x"),
        pages.encode("2026-11-23T19:14:00+00:00"),
    ],
)
def test_a_page_token_made_elsewhere_is_refused(token: str) -> None:
    """Nothing of it reaches the database."""
    with pytest.raises(PageTokenInvalidError):
        requests.read_listing(pb.ListIncidentsRequest(page_token=token))


def test_a_listing_is_read_with_its_defaults() -> None:
    """Fifty, of all premises, closed ones too."""
    assert requests.read_listing(pb.ListIncidentsRequest()) == Listing(
        open_only=False, premises_id="", size=50, after=None
    )


@given(
    st.builds(
        pb.AssignIncidentRequest,
        incident_id=st.just(INCIDENT) | st.text(max_size=40),
        request_id=st.just(REQUEST) | st.text(max_size=70),
        assignee=st.text(max_size=130),
        task=st.text(max_size=40),
    )
)
def test_any_request_is_read_or_refused(request: Message) -> None:
    """With an expected error, and what is read fits the database."""
    assert isinstance(request, pb.AssignIncidentRequest)
    with suppress(FieldInvalidError, IncidentNotFoundError):
        read = requests.read_assignment(request, "officer-1")

        assert "\0" not in read.assignee + read.task
