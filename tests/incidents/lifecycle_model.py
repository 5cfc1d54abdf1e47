"""A plain model of incidents that are moved, merged and reopened, to hold the running service to."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

DESK = {"ACKNOWLEDGED", "TRIAGED", "ASSIGNED", "REOPENED"}
OUT = {"DISPATCHED", "EN_ROUTE", "ON_SCENE", "CONTROLLED"}
WORKING = DESK | OUT
# What an act needs, and where it leads; None stays.
STEPS: dict[str, list[tuple[set[str], str | None]]] = {
    "acknowledge": [({"REPORTED"}, "ACKNOWLEDGED"), (WORKING, None)],
    "triage": [
        ({"REPORTED", "ACKNOWLEDGED", "TRIAGED", "REOPENED"}, "TRIAGED"),
        (OUT | {"ASSIGNED"}, None),
    ],
    "assign": [(DESK | {"REPORTED"}, "ASSIGNED"), (OUT, None)],
    "dispatch": [(DESK | {"REPORTED", "DISPATCHED"}, "DISPATCHED")],
    "en_route": [({"ASSIGNED", "DISPATCHED"}, "EN_ROUTE")],
    "on_scene": [({"ASSIGNED", "DISPATCHED", "EN_ROUTE"}, "ON_SCENE")],
    "controlled": [({"ON_SCENE"}, "CONTROLLED")],
    "resolve": [(WORKING, "RESOLVED")],
    "close": [(WORKING | {"RESOLVED"}, "CLOSED")],
    "dismiss": [(WORKING, "FALSE_ALARM")],
    "transfer": [(WORKING | {"TRANSFERRED"}, "TRANSFERRED")],
    "reopen": [({"RESOLVED", "CLOSED", "FALSE_ALARM", "TRANSFERRED"}, "REOPENED")],
    "separate": [({"DUPLICATE"}, "ACKNOWLEDGED")],
}
OPENING = {"reopen", "separate"}
ENDED = {"RESOLVED", "CLOSED", "FALSE_ALARM", "TRANSFERRED", "DUPLICATE"}


class RefusedError(Exception):
    """The service refused."""


@dataclass
class Plain:
    """What the model knows of one incident; durations are added up second by second."""

    state: str = "REPORTED"
    age_s: int = 0
    open_s: int = 0
    reopenings: int = 0
    into: int | None = None
    first: dict[str, int] = field(default_factory=dict)
    end_s: int | None = None

    def enter(self, state: str) -> None:
        """Come into a state."""
        self.state = state
        if state in ENDED:
            self.end_s = self.age_s if self.end_s is None else self.end_s
        else:
            self.end_s = None

    def stamp(self, what: str) -> None:
        """Note when something first happened."""
        self.first.setdefault(what, self.age_s)


class Carrier(Protocol):
    """Incidents by their number, wherever they are."""

    def act(self, number: int, act: str, **words: Any) -> None:
        """Do something; raises RefusedError."""

    def told(self, number: int) -> dict[str, Any]:
        """Tell state, reopenings, what it is merged into, and the durations, seconds or None."""

    def wait(self, seconds: int) -> None:
        """Let time pass."""


class IncidentMachine(RuleBasedStateMachine):
    """Three incidents at three places; each act is done to the model and to the carrier."""

    def carrier(self) -> Carrier:
        """Make the incidents."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        """Begin with three that were reported."""
        self.carried = self.carrier()
        self.plain = [Plain() for _ in range(3)]

    @rule(number=st.integers(0, 2), act=st.sampled_from(sorted(STEPS)))
    def do(self, number: int, act: str) -> None:
        """Do one act."""
        one = self.plain[number]
        leads = next(
            (target or one.state for sources, target in STEPS[act] if one.state in sources), ""
        )
        refused = False
        try:
            self.carried.act(number, act)
        except RefusedError:
            refused = True
        assert refused == (leads == ""), (act, one.state)
        if refused:
            return
        if one.state == "REPORTED":
            one.stamp("acknowledge_s")
        if act in {"assign", "dispatch"}:
            one.stamp("assign_s")
        if act == "on_scene":
            one.stamp("arrive_s")
        if act == "controlled":
            one.stamp("control_s")
        one.reopenings += act == "reopen"
        one.into = None if act == "separate" else one.into
        one.enter(leads)

    @rule(number=st.integers(0, 2), other=st.integers(0, 2))
    def merge(self, number: int, other: int) -> None:
        """Merge one into another."""
        one, into = self.plain[number], self.plain[other]
        possible = number != other and {one.state, into.state} <= WORKING | {"REPORTED"}
        refused = False
        try:
            self.carried.act(number, "merge", other=other)
        except RefusedError:
            refused = True
        assert refused != possible, (one.state, into.state)
        if refused:
            return
        for both in (one, into):
            if both.state == "REPORTED":
                both.stamp("acknowledge_s")
                both.enter("ACKNOWLEDGED")
        one.into = other
        one.enter("DUPLICATE")

    @rule(seconds=st.integers(1, 5000))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.carried.wait(seconds)
        for one in self.plain:
            one.age_s += seconds
            one.open_s += seconds if one.state not in ENDED else 0

    @invariant()
    def tells_the_same(self) -> None:
        """Tell of each incident what the plain count says."""
        for number, one in enumerate(self.plain):
            assert self.carried.told(number) == {
                "state": one.state,
                "reopenings": one.reopenings,
                "into": one.into,
                "acknowledge_s": one.first.get("acknowledge_s"),
                "assign_s": one.first.get("assign_s"),
                "arrive_s": one.first.get("arrive_s"),
                "control_s": one.first.get("control_s"),
                "end_s": one.end_s,
                "open_s": one.open_s,
            }
