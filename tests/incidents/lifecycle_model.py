"""A plain model of incidents that are moved, merged, split, paused and reopened, to hold the running service to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from chassis.calendar.working_days import WorkingCalendar
from chassis.clock import ward_day, ward_time

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


# Of each category its priority, and its clocks: hours, or working days if negative.
CATEGORIES: dict[str, tuple[str, dict[str, int]]] = {
    "urban_order": ("P3", {"ACKNOWLEDGE": 4, "ANSWER": -3}),
    "feedback": ("P4", {"ACKNOWLEDGE": -1, "ANSWER": -10}),
    "crime_information": ("P2", {"TRANSFER": 24}),
}
PAUSABLE = {"urban_order", "feedback"}
MET_BY = {"resolve": {"ANSWER"}, "close": {"ANSWER"}, "transfer": {"TRANSFER"}, "dismiss": set()}
MOST_REPORTS = 8
CALENDAR = WorkingCalendar()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class RefusedError(Exception):
    """The service refused."""


@dataclass
class Term:
    """A deadline of a report, counted down: second by second, or by the working days that begin while it runs."""

    kind: str
    now: datetime
    hours: timedelta
    days: int
    by_days: bool
    last_day: datetime | None = None
    # Due when it was paused.
    paused: datetime | None = None
    met: bool = False
    stopped: bool = False

    def due_at(self) -> datetime:
        """Tell when it is over, if it is not paused from now on."""
        if self.paused is not None:
            return self.paused
        if not self.by_days:
            return self.now + self.hours
        if self.last_day is not None:
            return self.last_day + DAY
        day, left = ward_day(self.now), self.days
        while left:
            day += DAY
            left -= CALENDAR.is_working(day)
        return ward_time(day + DAY)

    def wait(self, until: datetime) -> None:
        """Let time pass, which counts whatever becomes of the incident, unless it is paused."""
        while self.by_days and ward_time(ward_day(self.now) + DAY) <= until:
            self.now = ward_time(ward_day(self.now) + DAY)
            if self.paused is None and self.days and CALENDAR.is_working(ward_day(self.now)):
                self.days -= 1
                self.last_day = self.now if self.days == 0 else None
        if self.paused is None:
            self.hours -= until - self.now
        self.now = until

    def pause(self) -> None:
        """Stand still, unless it has stopped or is over."""
        if self.kind == "ANSWER" and not self.stopped and self.now <= self.due_at():
            self.paused = self.due_at()

    def run(self) -> None:
        """Run on."""
        self.paused = None

    def wait_again(self) -> None:
        """Wait for what had not happened after all."""
        self.met = self.stopped = False


def terms_of(category: str, now: datetime) -> list[Term]:
    """Begin the clocks of a category."""
    return [
        Term(kind, now, max(amount, 0) * HOUR, max(-amount, 0), by_days=amount < 0)
        for kind, amount in CATEGORIES[category][1].items()
    ]


@dataclass
class Report:
    """A report: the incident that it belongs to, and what is owed for it."""

    category: str
    home: int
    terms: list[Term]


@dataclass
class Plain:
    """What the model knows of one incident; durations are added up second by second."""

    category: str
    priority: str
    state: str = "REPORTED"
    age_s: int = 0
    open_s: int = 0
    paused_s: int = 0
    reopenings: int = 0
    into: int | None = None
    paused: bool = False
    first: dict[str, int] = field(default_factory=dict)
    end_s: int | None = None
    # What went on elsewhere when it was merged.
    carried: list[Term] = field(default_factory=list)

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

    def may_pause(self) -> bool:
        """Tell whether the catalogue lets its clocks be paused."""
        return self.category in PAUSABLE and self.priority in {"P3", "P4"}


@dataclass(frozen=True)
class Told:
    """What is told of incidents and reports, by their numbers.

    Of an incident its state, reopenings, what it is merged into, and the durations, seconds or None. Of each clock of a
    report when it is due, whether it is met, and whether it is paused; `overdue` lists those that are over.
    """

    incidents: list[dict[str, Any]]
    owed: list[dict[str, tuple[datetime, bool, bool]]]
    overdue: set[tuple[int, str]]


class Carrier(Protocol):
    """Incidents and reports by their numbers, wherever they are."""

    def now(self) -> datetime:
        """Tell the time."""

    def receive(self, category: str, into: int | None = None) -> None:
        """Receive a report, which opens an incident or joins one; raises RefusedError."""

    def act(self, number: int, act: str, **words: Any) -> None:
        """Do something; raises RefusedError."""

    def split(self, number: int, report: int) -> None:
        """Take a report out of an incident; raises RefusedError."""

    def told(self) -> "Told":
        """Tell all that is counted."""

    def wait(self, seconds: int) -> None:
        """Let time pass."""


class IncidentMachine(RuleBasedStateMachine):
    """Incidents of three categories; each act is done to the model and to the carrier."""

    def carrier(self) -> Carrier:
        """Begin with nothing."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        """Begin with one report of each category."""
        self.carried = self.carrier()
        self.plain: list[Plain] = []
        self.reports: list[Report] = []
        for category, (priority, _) in CATEGORIES.items():
            self.carried.receive(category)
            self.reports.append(self.report(category, len(self.plain)))
            self.plain.append(Plain(category, priority))

    def report(self, category: str, home: int) -> Report:
        """Make a report that is received now."""
        return Report(category, home, terms_of(category, self.carried.now()))

    def terms_at(self, number: int) -> list[tuple[Report, Term]]:
        """Tell for what an incident goes on."""
        return [
            (report, term)
            for report in self.reports
            if self.going_on(report.home) == number
            for term in report.terms
        ]

    def going_on(self, number: int) -> int:
        """Tell which incident goes on for one."""
        while (into := self.plain[number].into) is not None:
            number = into
        return number

    def refuses(self, do: Callable[[], None]) -> bool:
        """Tell whether the carrier refuses."""
        try:
            do()
        except RefusedError:
            return True
        return False

    def take_on(self, number: int) -> None:
        """Note that somebody has taken an incident on."""
        if self.plain[number].state == "REPORTED":
            self.plain[number].stamp("acknowledge_s")
            for _, term in self.terms_at(number):
                if term.kind == "ACKNOWLEDGE":
                    term.met = term.stopped = True

    def pause_terms(self, number: int) -> None:
        """Have stand still what a pause stops, by the category of each report."""
        for report, term in self.terms_at(number):
            if report.category in PAUSABLE:
                term.pause()

    def resume(self, number: int) -> None:
        """Have run on what stood still."""
        self.plain[number].paused = False
        for _, term in self.terms_at(number):
            term.run()

    @rule(number=st.integers(0, 9), act=st.sampled_from(sorted(STEPS)))
    def do(self, number: int, act: str) -> None:
        """Do one act."""
        number %= len(self.plain)
        one = self.plain[number]
        leads = next(
            (target or one.state for sources, target in STEPS[act] if one.state in sources), ""
        )
        refused = self.refuses(lambda: self.carried.act(number, act))
        assert refused == (leads == ""), (act, one.state)
        if refused:
            return
        self.take_on(number)
        if act in {"assign", "dispatch"}:
            one.stamp("assign_s")
        if act == "on_scene":
            one.stamp("arrive_s")
        if act == "controlled":
            one.stamp("control_s")
        if act == "triage":
            one.priority = "P1"
            self.resume(number)
        one.reopenings += act == "reopen"
        one.into = None if act == "separate" else one.into
        one.enter(leads)
        self.follow(number, act)

    def follow(self, number: int, act: str) -> None:
        """Have what is owed follow an act."""
        if act in MET_BY:
            self.resume(number)
            for _, term in self.terms_at(number):
                term.met |= term.kind in MET_BY[act] and not term.stopped
                term.stopped = True
        if act == "reopen":
            for _, term in self.terms_at(number):
                if term.kind == "ANSWER" or not term.met:
                    term.wait_again()
        if act == "separate":
            carried, self.plain[number].carried = self.plain[number].carried, []
            for _, term in self.terms_at(number):
                if any(term is one for one in carried):
                    term.run()
                    term.wait_again()

    @rule(number=st.integers(0, 9), other=st.integers(0, 9))
    def merge(self, number: int, other: int) -> None:
        """Merge one into another."""
        number, other = number % len(self.plain), other % len(self.plain)
        one, into = self.plain[number], self.plain[other]
        possible = number != other and {one.state, into.state} <= WORKING | {"REPORTED"}
        refused = self.refuses(lambda: self.carried.act(number, "merge", other=other))
        assert refused != possible, (one.state, into.state)
        if refused:
            return
        for both in (number, other):
            self.take_on(both)
            if self.plain[both].state == "REPORTED":
                self.plain[both].enter("ACKNOWLEDGED")
        self.resume(number)
        one.carried = [term for _, term in self.terms_at(number) if not term.stopped]
        one.into = other
        one.enter("DUPLICATE")
        into.priority = min(one.priority, into.priority)
        if into.paused and into.may_pause():
            self.pause_terms(other)
        elif into.paused:
            self.resume(other)

    @rule(number=st.integers(0, 9))
    def pause(self, number: int) -> None:
        """Pause the clocks of one."""
        number %= len(self.plain)
        one = self.plain[number]
        possible = one.state in WORKING and one.may_pause() and not one.paused
        assert self.refuses(lambda: self.carried.act(number, "pause")) != possible
        if possible:
            one.paused = True
            self.pause_terms(number)

    @rule(number=st.integers(0, 9))
    def run_on(self, number: int) -> None:
        """Have the clocks of one run on."""
        number %= len(self.plain)
        possible = self.plain[number].paused
        assert self.refuses(lambda: self.carried.act(number, "resume")) != possible
        if possible:
            self.resume(number)

    @rule(number=st.integers(0, 9))
    def correct(self, number: int) -> None:
        """Correct the first entry of a timeline, which changes nothing that is counted."""
        self.carried.act(number % len(self.plain), "correct")

    @precondition(lambda self: len(self.reports) < MOST_REPORTS)
    @rule(number=st.integers(0, 9), category=st.sampled_from(sorted(CATEGORIES)))
    def join(self, number: int, category: str) -> None:
        """Receive a report into an incident."""
        number %= len(self.plain)
        one = self.plain[number]
        possible = one.state not in ENDED
        assert self.refuses(lambda: self.carried.receive(category, number)) != possible
        if not possible:
            return
        report = self.report(category, number)
        self.reports.append(report)
        for term in report.terms:
            if term.kind == "ACKNOWLEDGE" and one.state != "REPORTED":
                term.met = term.stopped = True
            elif one.paused and category in PAUSABLE:
                term.pause()

    @rule(chosen=st.integers(0, 9))
    def split(self, chosen: int) -> None:
        """Take a report out of its incident into a new one."""
        chosen %= len(self.reports)
        report = self.reports[chosen]
        number = report.home
        one = self.plain[number]
        alone = sum(other.home == number for other in self.reports) == 1
        possible = one.state not in ENDED and not alone
        assert self.refuses(lambda: self.carried.split(number, chosen)) != possible
        if not possible:
            return
        self.take_on(number)
        if one.state == "REPORTED":
            one.enter("ACKNOWLEDGED")
        new = Plain(report.category, one.priority, "ACKNOWLEDGED")
        new.stamp("acknowledge_s")
        report.home = len(self.plain)
        self.plain.append(new)
        for term in report.terms:
            term.run()

    @rule(seconds=st.one_of(st.integers(1, 5000), st.integers(6 * 3600, 4 * 86400)))
    def wait(self, seconds: int) -> None:
        """Let time pass: some minutes, or days."""
        self.carried.wait(seconds)
        for one in self.plain:
            one.age_s += seconds
            one.open_s += seconds if one.state not in ENDED else 0
            one.paused_s += seconds if one.paused else 0
        for report in self.reports:
            for term in report.terms:
                term.wait(self.carried.now())
        self.tells_the_same()

    def teardown(self) -> None:
        """Compare once more at the end."""
        self.tells_the_same()

    def tells_the_same(self) -> None:
        """Tell of each incident and report what the plain count says; what went wrong once stays wrong."""
        assert self.carried.told() == Told(
            incidents=[
                {
                    "state": one.state,
                    "reopenings": one.reopenings,
                    "into": one.into,
                    "acknowledge_s": one.first.get("acknowledge_s"),
                    "assign_s": one.first.get("assign_s"),
                    "arrive_s": one.first.get("arrive_s"),
                    "control_s": one.first.get("control_s"),
                    "end_s": one.end_s,
                    "open_s": one.open_s,
                    "paused_s": one.paused_s,
                }
                for one in self.plain
            ],
            owed=[
                {
                    term.kind: (term.due_at(), term.met, term.paused is not None)
                    for term in report.terms
                }
                for report in self.reports
            ],
            overdue={
                (number, term.kind)
                for number, report in enumerate(self.reports)
                for term in report.terms
                if not term.stopped and term.paused is None and term.now > term.due_at()
            },
        )
