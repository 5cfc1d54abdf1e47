"""Who may call what: the access rules that the contracts declare, decided in one place."""

import re
from collections.abc import MutableMapping, MutableSequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from chassis.context import Identity
from chassis.errors import (
    AssuranceTooLowError,
    DomainError,
    FieldInvalidError,
    MalformedRequestError,
    PurposeRequiredError,
    RoleNotAllowedError,
    TokenInvalidError,
    TokenMissingError,
    UnknownFieldError,
)
from chassis.privacy import may_hold_id_number
from chassis.rpc.tokens import TokenVerifier
from chassis.rules import WITHOUT_NUL, Rule
from ward.options.v1 import access_pb2

# The token of the service that makes a call for the account of the `authorization` metadata, in the same form.
ACTING_HEADER = "ward-acting"
_BEARER = "bearer "
_SERVICE = "service"
_ROLE_PREFIX = "ROLE_"
_PURPOSE_PREFIX = "PURPOSE_"
_CITIZEN = frozenset({"citizen"})
# A case asks about several people one after the other.
_KEPT_REFERENCES = 1024
_WITH_TEXTS = frozenset({FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE})
_REFERENCE = re.compile(r"[A-Za-z0-9./_-]{1,64}")


@dataclass(frozen=True)
class AccessRule:
    """The rule of one method. No roles: nobody may call."""

    roles: frozenset[str]
    purpose_required: bool
    personal_data: bool
    citizen_assurance: int = 0


@dataclass(frozen=True)
class StatedPurpose:
    """Why personal data is asked for, as the caller says."""

    purpose: str
    reference: str
    legal_basis: str = ""


NO_PURPOSE = StatedPurpose(purpose="", reference="")


@cache
def rule_of(method: str) -> AccessRule:
    """Read the rule of a method (`/package.Service/Method`) from its contract.

    A method that is not in the contracts or declares nothing may be called by nobody.
    """
    service_name, _, method_name = method.lstrip("/").partition("/")
    try:
        service = descriptor_pool.Default().FindServiceByName(service_name)
        declared = service.methods_by_name[method_name].GetOptions().Extensions[access_pb2.access]
    except KeyError:
        return AccessRule(frozenset(), purpose_required=True, personal_data=False)
    names = (access_pb2.Role.Name(role) for role in declared.roles)
    return AccessRule(
        roles=frozenset(name.removeprefix(_ROLE_PREFIX).lower() for name in names),
        purpose_required=declared.purpose_required,
        personal_data=declared.personal_data,
        citizen_assurance=declared.citizen_assurance,
    )


async def authenticate(verifier: TokenVerifier, authorization: str) -> Identity:
    """Tell who calls from the `authorization` metadata.

    Raises TokenMissingError, TokenInvalidError or TokenExpiredError.
    """
    if not authorization:
        raise TokenMissingError
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise TokenInvalidError
    return await verifier.verify(authorization[len(_BEARER) :].strip())


async def acted_for(verifier: TokenVerifier, caller: Identity, acting: str) -> Identity:
    """Tell who calls where another service acts for the caller, which it proves by a token of its own.

    Raises RoleNotAllowedError for a token that is not a service's, and what `authenticate` raises.
    """
    actor = await authenticate(verifier, acting)
    if _SERVICE not in actor.roles:
        raise RoleNotAllowedError(method=ACTING_HEADER)
    return replace(caller, actor=actor.account)


def authorize(rule: AccessRule, caller: Identity, method: str) -> None:
    """Refuse a caller who has none of the method's roles, or as a citizen too low an assurance level."""
    having = rule.roles & caller.roles
    if not having:
        raise RoleNotAllowedError(method=method)
    if having == _CITIZEN and caller.assurance < rule.citizen_assurance:
        raise AssuranceTooLowError(needed=str(rule.citizen_assurance))


def stated_purpose(request: Any) -> StatedPurpose:  # noqa: ANN401 - any request of any contract
    """Read the purpose a request states; NO_PURPOSE where it states none or cannot."""
    if not (_can_state_purpose(request.DESCRIPTOR) and request.HasField("purpose")):
        return NO_PURPOSE
    stated = request.purpose
    return _stated(stated.purpose, stated.reference)


@cache
def _can_state_purpose(request: Descriptor) -> bool:
    return "purpose" in request.fields_by_name


@lru_cache(_KEPT_REFERENCES)
def _stated(purpose: int, reference: str) -> StatedPurpose:
    known = _purposes().get(purpose)
    if known is None:  # a number this contract does not know
        return NO_PURPOSE
    # A reference that breaks the rule is refused, and must not reach the access log: it could hold anything.
    return StatedPurpose(
        purpose=known.purpose,
        reference=reference if _is_reference(reference) else "",
        legal_basis=known.legal_basis,
    )


def require_purpose(rule: AccessRule, request: Message) -> None:
    """Refuse a request for personal data that does not say why and in which case.

    Raises PurposeRequiredError, or FieldInvalidError for a malformed reference.
    """
    if not rule.purpose_required:
        return
    stated = stated_purpose(request)
    if stated.purpose and not stated.reference and _raw_reference(request):
        raise FieldInvalidError(
            "purpose.reference",
            Rule(
                "1 đến 64 ký tự A-Z a-z 0-9 . / _ -, không có 12 chữ số liền nhau",
                "1 to 64 characters A-Z a-z 0-9 . / _ -, no run of 12 digits",
            ),
        )
    if not stated.purpose or not stated.reference:
        raise PurposeRequiredError


def refusal(reason: str) -> DomainError:
    """Make the error for a request that the gateway could not read; any other reason is one of those too."""
    return UnknownFieldError() if reason == UnknownFieldError.reason else MalformedRequestError()


class Budget:
    """So many a minute and no more."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._minute = 0
        self._taken = 0

    def take(self, now_s: float) -> bool:
        """Take one; False if this minute's are used up. `now_s` is in seconds since 1970."""
        minute = int(now_s // 60)
        if minute != self._minute:
            self._minute, self._taken = minute, 0
        self._taken += 1
        return self._taken <= self._per_minute


def check_fields(request: Message) -> None:
    """Refuse a request with a field outside the contract or with a text that holds NUL, at any depth.

    Ignoring a field would answer another question than the one that was asked, and PostgreSQL holds no NUL.
    Raises UnknownFieldError, or FieldInvalidError with the path of the text, like `identities[1].full_name`.
    """
    content = request.SerializeToString()
    known = type(request)()
    known.CopyFrom(request)
    known.DiscardUnknownFields()
    if known.ByteSize() != len(content):
        _name_unknown_field(request)
        raise UnknownFieldError(message=str(request.DESCRIPTOR.name))
    # Few requests have a zero byte, which may be a number's too: only theirs are looked through. By the number it is
    # found ten times as fast as by `b"\0"`.
    if 0 in content:
        _refuse_nul(request, "")


def _name_unknown_field(request: Message) -> None:
    """Look through the messages for the one with the unknown field; few requests have any."""
    if len(UnknownFieldSet(request)):
        raise UnknownFieldError(message=str(request.DESCRIPTOR.name))
    for descriptor, value in request.ListFields():
        if descriptor.message_type is None:
            continue
        if isinstance(value, Message):
            _name_unknown_field(value)
        elif not descriptor.message_type.GetOptions().map_entry:
            for item in value:
                _name_unknown_field(item)


def _refuse_nul(value: object, path: str) -> None:
    """Look for NUL in the texts of a request, or of what one of its fields holds."""
    match value:
        case str():
            if "\0" in value:
                raise FieldInvalidError(path, WITHOUT_NUL)
        case Message():
            for field, one in value.ListFields():
                if field.type in _WITH_TEXTS:
                    _refuse_nul(one, f"{path}.{field.name}".removeprefix("."))
        case MutableMapping():
            # The path names no key: it is the caller's own text, and an error repeats nothing that was sent.
            for one in (*value.keys(), *value.values()):
                _refuse_nul(one, path)
        case MutableSequence():
            for index, one in enumerate(value):
                _refuse_nul(one, f"{path}[{index}]")
        case _:  # a number or bytes, of a map
            pass


@cache
def _purposes() -> dict[int, StatedPurpose]:
    """Read the purposes of the contract by their number, each with its legal basis."""
    return {
        value.number: StatedPurpose(
            purpose=value.name.removeprefix(_PURPOSE_PREFIX) if value.number else "",
            reference="",
            legal_basis=value.GetOptions().Extensions[access_pb2.legal_basis],
        )
        for value in access_pb2.Purpose.DESCRIPTOR.values
    }


def _raw_reference(request: Any) -> str:  # noqa: ANN401 - any request that has a purpose
    return str(request.purpose.reference)


def _is_reference(text: str) -> bool:
    # An identification number must not get into the access log in the clear.
    return _REFERENCE.fullmatch(text) is not None and not may_hold_id_number(text)
