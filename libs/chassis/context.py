"""What follows one call through the process: the request id, the caller, and the access being accounted for."""

import re
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from chassis.privacy import may_hold_id_number

REQUEST_ID_HEADER = "x-request-id"
RESUME_TOKEN_HEADER = "x-resume-token"  # noqa: S105 - the name of a header

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Identity:
    """Who calls: the account (a pseudonym of the issuer, never a name), its roles, and the token to pass on.

    `expires_at` is in seconds since 1970. `actor` is the account that acts for this one (claim `act`, RFC 8693); empty
    where it acts itself. `assurance` is the level of the electronic identity, 1 or 2. `own_number` is the personal
    identification number that the issuer vouches for, of citizens who signed in with theirs; it is never printed.
    """

    account: str
    roles: frozenset[str]
    token: str = field(repr=False)
    expires_at: float = float("inf")
    actor: str = ""
    assurance: int = 1
    own_number: str = field(default="", repr=False)


NOBODY = Identity("", frozenset(), "")


@dataclass
class Access:
    """One access to personal data, filled in as the call proceeds.

    `subject` is what was looked at, as a pseudonym or an id of a place; never an identification number or a name.
    `shown` is who else was shown, one by one, beside what was asked for: each gets a record, so that each can be told.
    `fields` names what is disclosed, never a value. `legal_basis` is that of the stated purpose unless a rule that was
    applied says more. `accounted` is true once the record is durable, because it was written with what it is about.
    """

    record_id: UUID
    method: str = ""
    purpose: str = ""
    legal_basis: str = ""
    reference: str = ""
    ward_code: str = ""
    subject: str = ""
    shown: Sequence[str] = ()
    fields: Sequence[str] = ()
    accounted: bool = False


request_id: ContextVar[str] = ContextVar("request_id", default="")
identity: ContextVar[Identity | None] = ContextVar("identity", default=None)
access: ContextVar[Access | None] = ContextVar("access", default=None)
stream_beginning: ContextVar[Callable[[str], Awaitable[None]] | None] = ContextVar(
    "stream_beginning", default=None
)


def accept_request_id(offered: str | None) -> str:
    """Take the caller's request id if it is well formed, or make one.

    A malformed id is replaced, not refused: an alarm must not fail over a log field. So is one that could be an
    identification number, since it goes into logs and headers.
    """
    if (
        offered
        and _REQUEST_ID.fullmatch(offered)
        and (_is_uuid(offered) or not may_hold_id_number(offered))
    ):
        return offered
    return str(uuid4())


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


@contextmanager
def untraced() -> Generator[None]:
    """Do what is inside under a request id of its own: what is stored there cannot be joined to who called."""
    outside = request_id.set(accept_request_id(None))
    try:
        yield
    finally:
        request_id.reset(outside)


def current_account() -> str:
    """Name the account that calls, or nothing outside a call."""
    caller = identity.get()
    return caller.account if caller else ""


def current_identity() -> Identity:
    """Tell who calls; only a call that was let in has a caller."""
    caller = identity.get()
    if caller is None:
        raise LookupError("outside a call")
    return caller


def current_access() -> Access:
    """Give the access being accounted for; only methods marked `personal_data` have one."""
    entry = access.get()
    if entry is None:
        raise LookupError("this method is not marked personal_data")
    return entry


async def begin_stream(resume_token: str) -> None:
    """Tell the watcher of a stream that it was let in, and the token of where it stands; once a stream.

    Without it a watcher could not tell a quiet stream from a refusal that is still to come, and one that loses its
    connection before the first event could not resume. Outside a streaming call this does nothing.
    """
    begin = stream_beginning.get()
    if begin:
        stream_beginning.set(None)
        await begin(resume_token)
