"""Who asks for persons, and why."""

from google.protobuf.message import Message

from chassis import context
from chassis.rpc.access import stated_purpose
from residency.domain.lookups.disclosure import Asker


def asker_of(request: Message) -> Asker:
    """Tell who makes the present call, in which roles, and for which purpose."""
    caller = context.identity.get()
    roles = caller.roles if caller else frozenset[str]()
    return Asker(context.current_account(), roles, stated_purpose(request).purpose)


def actor() -> str:
    """Tell which account acts for the caller; empty where the caller acts alone."""
    caller = context.identity.get()
    return caller.actor if caller else ""
