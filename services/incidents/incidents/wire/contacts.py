"""Whom to call at premises, as fire-safety tells them."""

from incidents.domain.duty.roster import Contact, ContactChannel
from ward.fire_safety.v1 import fire_safety_pb2


def phones_of(premises: bytes) -> tuple[Contact, ...]:
    """Tell where the contacts of premises are reached by text message, in the order of their list."""
    told = fire_safety_pb2.Premises.FromString(premises)
    return tuple(Contact(ContactChannel.SMS, one.phone) for one in told.contacts if one.phone)
