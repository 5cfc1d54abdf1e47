"""Handing incidents over to other authorities."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TransferChannel(StrEnum):
    """How an incident is handed over."""

    IN_PERSON = "IN_PERSON"
    LETTER = "LETTER"
    ELECTRONIC = "ELECTRONIC"
    TELEPHONE = "TELEPHONE"


@dataclass(frozen=True)
class Transfer:
    """To whom, how and when; numbers are empty while the authority has given none."""

    authority: str
    channel: TransferChannel
    transferred_at: datetime
    receipt_number: str
    external_reference: str


@dataclass(frozen=True)
class RecordedTransfer:
    """A transfer beside an entry of the timeline, and the account that handed over."""

    sequence: int
    account: str
    transfer: Transfer
