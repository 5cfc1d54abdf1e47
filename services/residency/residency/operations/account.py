"""Whom an operation is about, beside what it was asked about, for the access records of its call."""

from chassis import context
from residency.domain.persons.sealing import subject_of


def concerns(*indexes: bytes) -> None:
    """Have persons named by the access records of the present call, by the blind indexes of their documents.

    So each can be told who changed what is kept of them. Outside of a call that is accounted for nobody is named.
    """
    if access := context.access.get():
        access.shown = [*access.shown, *map(subject_of, indexes)]
