"""Access rules as the contracts declare them."""

from contextlib import nullcontext

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from hypothesis import given
from hypothesis import strategies as st

from chassis.context import Identity
from chassis.errors import (
    AssuranceTooLowError,
    FieldInvalidError,
    PurposeRequiredError,
    RoleNotAllowedError,
    UnknownFieldError,
)
from chassis.rpc import access
from chassis.rpc.access import AccessRule, authorize
from ward.fire_safety.v1.fire_safety_pb2 import Position
from ward.incidents.v1 import attachments_pb2, incidents_pb2, reports_pb2
from ward.options.v1 import access_pb2
from ward.residency.v1 import residency_pb2

VERIFY = "/ward.residency.v1.ResidencyService/VerifyIdentity"


def caller(*roles: str) -> Identity:
    """Make a caller with these roles."""
    return Identity(account="demo", roles=frozenset(roles), token="t")


def verify_request(
    purpose: access_pb2.Purpose.ValueType, reference: str
) -> residency_pb2.VerifyIdentityRequest:
    """Make a request that states a purpose."""
    stated = access_pb2.AccessPurpose(purpose=purpose, reference=reference)
    return residency_pb2.VerifyIdentityRequest(purpose=stated)


def test_the_rule_of_a_method_is_read_from_its_contract() -> None:
    """VerifyIdentity declares its roles, its purpose and that it touches personal data."""
    rule = access.rule_of(VERIFY)

    assert rule.roles == {"residence_officer", "duty_officer", "service"}
    assert rule.purpose_required
    assert rule.personal_data


@pytest.mark.parametrize("method", ["/ward.residency.v1.ResidencyService/Nope", "/nope/Nope", ""])
def test_a_method_without_a_rule_is_refused_to_everybody(method: str) -> None:
    """Deny is the default."""
    rule = access.rule_of(method)

    with pytest.raises(RoleNotAllowedError):
        access.authorize(rule, caller("duty_officer", "administrator"), method)


def test_one_of_the_roles_is_enough() -> None:
    """A caller with an allowed role and another is let through."""
    access.authorize(access.rule_of(VERIFY), caller("citizen", "duty_officer"), VERIFY)


@pytest.mark.parametrize(
    ("roles", "assurance", "allowed"),
    [
        ({"citizen"}, 1, False),
        ({"citizen"}, 2, True),
        ({"residence_officer"}, 1, True),
        ({"citizen", "residence_officer"}, 1, True),
    ],
)
def test_a_citizen_in_their_own_affairs_needs_the_assurance_level(
    roles: set[str],
    assurance: int,
    allowed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """Whoever may call as an officer is not asked for one."""
    rule = AccessRule(
        frozenset({"citizen", "residence_officer"}),
        purpose_required=False,
        personal_data=True,
        citizen_assurance=2,
    )
    caller = Identity("someone", frozenset(roles), "token", assurance=assurance)
    with nullcontext() if allowed else pytest.raises(AssuranceTooLowError):
        authorize(rule, caller, "/x/Y")


def test_other_roles_are_refused() -> None:
    """The head of a residential group cannot verify identities."""
    with pytest.raises(RoleNotAllowedError):
        access.authorize(access.rule_of(VERIFY), caller("group_head"), VERIFY)


@pytest.mark.parametrize(
    ("purpose", "reference"),
    [
        (access_pb2.PURPOSE_UNSPECIFIED, "HS-1"),
        (access_pb2.PURPOSE_FIRE_RESCUE, ""),
        (access_pb2.PURPOSE_UNSPECIFIED, ""),
    ],
)
def test_a_purpose_without_its_reference_is_none(
    purpose: access_pb2.Purpose.ValueType, reference: str
) -> None:
    """Both the purpose and the case or incident number are required."""
    with pytest.raises(PurposeRequiredError):
        access.require_purpose(access.rule_of(VERIFY), verify_request(purpose, reference))


def test_a_request_that_never_states_its_purpose_is_refused() -> None:
    """Leaving the field out is refused like leaving it empty."""
    with pytest.raises(PurposeRequiredError):
        access.require_purpose(access.rule_of(VERIFY), residency_pb2.VerifyIdentityRequest())


def test_a_purpose_number_outside_the_contract_is_none() -> None:
    """A purpose that this contract does not know is no purpose."""
    request = residency_pb2.VerifyIdentityRequest()
    request.purpose.MergeFromString(b"\x08\x63\x12\x04HS-1")

    with pytest.raises(PurposeRequiredError):
        access.require_purpose(access.rule_of(VERIFY), request)


@given(
    st.text(min_size=1).filter(lambda text: not text.isascii() or len(text) > 64 or " " in text)
)
def test_a_malformed_reference_is_refused_and_never_recorded(reference: str) -> None:
    """Free text in the reference could hold anything, a name too."""
    request = verify_request(access_pb2.PURPOSE_FIRE_RESCUE, reference)

    with pytest.raises(FieldInvalidError):
        access.require_purpose(access.rule_of(VERIFY), request)

    assert access.stated_purpose(request).reference == ""


def test_an_identification_number_is_no_reference() -> None:
    """It would stand in the access log in the clear."""
    request = verify_request(access_pb2.PURPOSE_FIRE_RESCUE, "HS-999099000001")

    with pytest.raises(FieldInvalidError):
        access.require_purpose(access.rule_of(VERIFY), request)


def test_unknown_fields_are_refused_at_any_depth() -> None:
    """A field outside the contract, here in a nested message, is not silently ignored."""
    response = incidents_pb2.GetIncidentResponse(
        timeline=[incidents_pb2.TimelineEntry(sequence=1)]
    )
    response.timeline[0].MergeFromString(b"\xba\x3e\x01x")

    with pytest.raises(UnknownFieldError):
        access.check_fields(response)


DECLARED = residency_pb2.DeclaredIdentity


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (incidents_pb2.GetIncidentRequest(incident_id="\0"), "incident_id"),
        (verify_request(access_pb2.PURPOSE_FIRE_RESCUE, "VV-1\0"), "purpose.reference"),
        (
            residency_pb2.VerifyIdentitiesRequest(
                identities=[DECLARED(full_name="Người Thử"), DECLARED(full_name="Người\0Thử")]
            ),
            "identities[1].full_name",
        ),
        (FieldMask(paths=["reason", "note", "na\0me"]), "paths[2]"),
        (Struct(fields={"khóa": Value(string_value="a\0b")}), "fields.string_value"),
        (Struct(fields={"khóa\0": Value(number_value=1)}), "fields"),
    ],
)
def test_a_text_with_nul_is_refused_by_its_path(request_: Message, field: str) -> None:
    """At any depth, in lists and in maps, whose keys the path does not repeat."""
    with pytest.raises(FieldInvalidError) as refused:
        access.check_fields(request_)

    assert refused.value.metadata == {"field": field}


@pytest.mark.parametrize(
    "request_",
    [
        reports_pb2.CreateReportRequest(position=Position(latitude=20.5, longitude=106.25)),
        attachments_pb2.AddAttachmentPartRequest(content=b"\0"),
        FieldMask(paths=["", "name"]),
    ],
)
def test_bytes_of_zero_that_are_no_text_are_let_through(request_: Message) -> None:
    """Numbers, contents of files and what is empty."""
    assert 0 in request_.SerializeToString()

    access.check_fields(request_)


@given(st.text())
def test_every_other_text_is_let_through(text: str) -> None:
    """Whatever PostgreSQL holds is for the rules of the field."""
    request = incidents_pb2.GetIncidentRequest(incident_id=text)

    with pytest.raises(FieldInvalidError) if "\0" in text else nullcontext():
        access.check_fields(request)


def test_known_fields_are_let_through() -> None:
    """A full request of the contract has no unknown field and no text with NUL."""
    request = verify_request(access_pb2.PURPOSE_FIRE_RESCUE, "VV-2026-000001")

    access.check_fields(request)
    access.require_purpose(access.rule_of(VERIFY), request)

    assert access.stated_purpose(request).purpose == "FIRE_RESCUE"
