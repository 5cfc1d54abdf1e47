"""What detection makes of a trace, and how often that is right: counts, never percentages of so few fires."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from evaluation.traces import Label, Trace, second_of
from fire_safety.detection.fold import DeviceState, fold
from fire_safety.detection.limits import Limits
from fire_safety.domain.alarms.alarm import FIRE_KINDS


@dataclass(frozen=True)
class Verdict:
    """When detection raised fire alarms and pre-alarms in a trace, seconds from its start."""

    trace: Trace
    alarms_s: Sequence[float]
    pre_alarms_s: Sequence[float]


@dataclass(frozen=True)
class FireScore:
    """How the real fires were told: each is one station whose real photoelectric alarm sounded.

    Lags are seconds behind that alarm, negative ahead of it. `pre_alarmed` are those that had a pre-alarm before or
    instead of an alarm.
    """

    fires: int
    missed: Sequence[str]
    lags_s: Sequence[float]
    pre_alarmed: int

    @property
    def detected(self) -> int:
        """How many alarmed."""
        return len(self.lags_s)

    @property
    def not_later(self) -> int:
        """How many alarmed no later than the real alarm."""
        return sum(lag <= 0 for lag in self.lags_s)

    @property
    def median_lag_s(self) -> float | None:
        """The median lag of those that alarmed."""
        return median(self.lags_s) if self.lags_s else None


@dataclass(frozen=True)
class NuisanceScore:
    """How SYNTHETIC traces of one label were told: in how many there was a false alarm, or only a pre-alarm."""

    label: Label
    traces: int
    alarmed: int
    alarms: int
    pre_alarmed_only: int


def judge(trace: Trace, limits: Limits) -> Verdict:
    """Fold a trace as the detector lane folds a device's readings."""
    state = DeviceState()
    alarms: list[float] = []
    pre_alarms: list[float] = []
    for reading in trace.readings:
        state, transitions = fold(state, reading, limits)
        for change in transitions:
            if change.raised and change.kind in FIRE_KINDS:
                told = pre_alarms if change.pre_alarm else alarms
                told.append(second_of(reading.observed_ms))
    return Verdict(trace, alarms, pre_alarms)


def score_fires(verdicts: Iterable[Verdict]) -> FireScore:
    """Score traces of fires until the first alarm: later the meters drift in the heat."""
    judged = list(verdicts)
    lags = [
        verdict.alarms_s[0] - verdict.trace.photo_alarm_s
        for verdict in judged
        if verdict.alarms_s and verdict.trace.photo_alarm_s is not None
    ]
    return FireScore(
        fires=len(judged),
        missed=[verdict.trace.name for verdict in judged if not verdict.alarms_s],
        lags_s=lags,
        pre_alarmed=sum(bool(verdict.pre_alarms_s) for verdict in judged),
    )


def score_nuisance(label: Label, verdicts: Iterable[Verdict]) -> NuisanceScore:
    """Score traces in which every alarm is a false one."""
    judged = [verdict for verdict in verdicts if verdict.trace.label is label]
    return NuisanceScore(
        label=label,
        traces=len(judged),
        alarmed=sum(bool(verdict.alarms_s) for verdict in judged),
        alarms=sum(len(verdict.alarms_s) for verdict in judged),
        pre_alarmed_only=sum(
            bool(verdict.pre_alarms_s) and not verdict.alarms_s for verdict in judged
        ),
    )
