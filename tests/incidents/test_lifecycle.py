"""The lifecycle: every state and every act in one table, and durations from nothing but an incident's own entries."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import DomainError
from incidents.domain.lifecycle.durations import durations, open_spans
from incidents.domain.lifecycle.states import ENDED, OPEN, Act, IncidentState, after
from incidents.domain.lifecycle.timeline import ENTRY_OF, EntryKind, TimelineEntry
from tests.incidents.samples import NIGHT

# Rows are states, columns acts in the order below. A letter is the state it leads to, = one that stays, N not
# acknowledged, C closed, and - a conflict.
ACTS = "ACKNOWLEDGE TRIAGE ASSIGN DISPATCH SET_OUT ARRIVE CONTROL RESOLVE CLOSE TRANSFER DISMISS MERGE SEPARATE REOPEN"
TABLE = """
    REPORTED      a N N N N N N N N N N N N N
    ACKNOWLEDGED  = t s d - - - r c x f m - -
    TRIAGED       = = s d - - - r c x f m - -
    ASSIGNED      = = = d e o - r c x f m - -
    DISPATCHED    = = = = e o - r c x f m - -
    EN_ROUTE      = = = - - o - r c x f m - -
    ON_SCENE      = = = - - - k r c x f m - -
    CONTROLLED    = = = - - - - r c x f m - -
    REOPENED      = t s d - - - r c x f m - -
    RESOLVED      - - - - - - - - c - - - - n
    CLOSED        C C C C C C C C C C C C C n
    TRANSFERRED   - - - - - - - - - = - - - n
    FALSE_ALARM   - - - - - - - - - - - - - n
    DUPLICATE     - - - - - - - - - - - - a -
"""
LETTERS = {
    "a": "ACKNOWLEDGED",
    "t": "TRIAGED",
    "s": "ASSIGNED",
    "d": "DISPATCHED",
    "e": "EN_ROUTE",
    "o": "ON_SCENE",
    "k": "CONTROLLED",
    "r": "RESOLVED",
    "c": "CLOSED",
    "x": "TRANSFERRED",
    "f": "FALSE_ALARM",
    "m": "DUPLICATE",
    "n": "REOPENED",
    "N": "INCIDENT_NOT_ACKNOWLEDGED",
    "C": "INCIDENT_CLOSED",
    "-": "INCIDENT_STATE_CONFLICT",
}
CELLS = [
    pytest.param(state, act, state if letter == "=" else LETTERS[letter], id=f"{state}-{act}")
    for state, *letters in (row.split() for row in TABLE.strip().splitlines())
    for act, letter in zip(ACTS.split(), letters, strict=True)
]


def test_the_table_is_whole() -> None:
    """It has a cell for each state and act, so that a new one needs a decision here."""
    assert len(CELLS) == len(IncidentState) * len(Act)


@pytest.mark.parametrize(("state", "act", "expected"), CELLS)
def test_an_act_leads_where_the_table_says(state: str, act: str, expected: str) -> None:
    """To a state, or to the error that says why not."""
    try:
        told = str(after(IncidentState(state), Act(act)))
    except DomainError as error:
        told = error.reason

    assert told == expected


def entries(kinds: list[EntryKind], seconds: list[int]) -> list[TimelineEntry]:
    """Make a timeline of these entries, so many seconds after each other, that begins with its opening."""
    at, made = NIGHT, []
    for sequence, (kind, pause) in enumerate(
        zip([EntryKind.OPENED, *kinds], [0, *seconds], strict=True), start=1
    ):
        at += timedelta(seconds=pause)
        made.append(TimelineEntry(sequence, at, kind, "", ""))
    return made


def test_durations_are_those_of_the_first_time() -> None:
    """And the end is the present one; what lies between an end and its reopening was not open."""
    told = durations(
        entries(
            [
                EntryKind.ACKNOWLEDGED,
                EntryKind.DISPATCHED,
                EntryKind.ON_SCENE,
                EntryKind.RESOLVED,
                EntryKind.CLOSED,
                EntryKind.REOPENED,
                EntryKind.DISPATCHED,
                EntryKind.CLOSED,
            ],
            [10, 20, 30, 40, 1000, 2000, 5, 15],
        ),
        NIGHT + timedelta(days=9),
    )

    assert told.acknowledge == timedelta(seconds=10)
    assert told.assign == timedelta(seconds=30)
    assert told.arrive == timedelta(seconds=60)
    assert told.control is None
    assert told.end == timedelta(seconds=3120)
    assert told.open == timedelta(seconds=100 + 20)


def test_what_is_open_has_no_end_and_is_open_until_now() -> None:
    """Also once it was separated from what it was merged into."""
    timeline = entries([EntryKind.ACKNOWLEDGED, EntryKind.MERGED, EntryKind.SEPARATED], [1, 2, 3])
    told = durations(timeline, NIGHT + timedelta(seconds=60))

    assert told.end is None
    assert told.open == timedelta(seconds=57)


@st.composite
def histories(draw: st.DrawFn) -> list[TimelineEntry]:
    """Walk through the table, with other entries in between."""
    state, kinds = IncidentState.REPORTED, []
    for _ in range(draw(st.integers(0, 25))):
        possible = [act for act in Act if _leads(state, act)]
        act = draw(st.sampled_from(possible))
        if after(state, act) is not state or act is Act.TRANSFER:
            kinds.append(ENTRY_OF[act])
        state = after(state, act)
        if draw(st.booleans()):
            kinds.append(draw(st.sampled_from([EntryKind.NOTED, EntryKind.ABSORBED])))
    seconds = draw(st.lists(st.integers(0, 999), min_size=len(kinds), max_size=len(kinds)))
    return entries(kinds, seconds)


def _leads(state: IncidentState, act: Act) -> bool:
    try:
        after(state, act)
    except DomainError:
        return False
    return True


@given(histories(), st.integers(0, 10_000))
def test_open_time_is_a_plain_count(timeline: list[TimelineEntry], later: int) -> None:
    """Adding up, entry by entry, the time in which the state that the entries lead to was an open one."""
    now = timeline[-1].at + timedelta(seconds=later)
    target = {ENTRY_OF[act]: act for act in Act}
    state, plain = IncidentState.REPORTED, timedelta()
    for entry, following in zip(timeline, [*timeline[1:], None], strict=True):
        if entry.kind in target:
            state = after(state, target[entry.kind])
        if state in OPEN:
            plain += (following.at if following else now) - entry.at
    told = durations(timeline, now)

    assert told.open == plain
    assert (told.end is not None) == (state in ENDED)
    assert sum(1 for _, end in open_spans(timeline) if end is None) == (state in OPEN)
