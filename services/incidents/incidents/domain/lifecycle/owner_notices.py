"""What an officer is told of, off the console too, because it is theirs: a task, or an action after a review."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Subject(StrEnum):
    """What a message is about. It is worth sending until that is answered."""

    # A step of the incident's ladder: until somebody takes the incident on.
    INCIDENT = "INCIDENT"
    # A task that was given: until its owner takes it on or declines, or the incident ends.
    TASK = "TASK"
    # An action after a review, step 0 due soon and step 1 overdue: until it ends.
    REVIEW_ACTION = "REVIEW_ACTION"


@dataclass(frozen=True)
class About:
    """What one message is about, and which of several about the same; an incident itself has no `subject_id`."""

    subject: Subject
    step: int
    subject_id: UUID | None = None


@dataclass(frozen=True)
class OwnerNotice:
    """That an officer is told of something of theirs, by account."""

    about: About
    account: str
