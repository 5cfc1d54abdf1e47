"""The words of dashboards: each value that a label or column can have is there, and none that it cannot."""

from enum import StrEnum

import pytest

from chassis.telemetry import metrics
from fire_safety.domain.alarms.alarm import AlarmKind, Disposition, SignalClass, Suppression
from fire_safety.domain.gate.sign_in import Refusal
from fire_safety.domain.lanes.progress import Lane
from incidents.domain.duty.deliveries import Outcome
from incidents.domain.reviews.indicators import Figure, FigureBasis, Indicator, IndicatorUnit
from incidents.domain.rules.catalogue import ClockKind
from incidents.domain.rules.kinds import IncidentKind
from incidents.domain.rules.priorities import Severity
from monitoring.dashboards import words
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.population import Verdict
from residency.domain.lookups.anomalies import AnomalyKind
from residency.domain.lookups.limits import Pattern
from residency.domain.protection.data_subject_requests import RequestKind

# Of these no alarm is open: what is tested or disabled is recorded only, and the system's own ends at once.
NEVER_OPEN = {"TEST", "DISABLED", "SYSTEM"}


@pytest.mark.parametrize(
    ("told", "values"),
    [
        (words.ALARM_KINDS, AlarmKind),
        (words.SUPPRESSIONS, Suppression),
        (words.LANES, Lane),
        (words.INCIDENT_KINDS, IncidentKind),
        (words.DEADLINES, ClockKind),
        (words.EFFECTS, Severity),
        (words.ATTEMPTS, Outcome),
        (words.ANOMALIES, AnomalyKind),
        (words.PATTERNS, Pattern),
        (words.CASE_KINDS, CaseKind),
        (words.REQUEST_KINDS, RequestKind),
        (words.VERDICTS, Verdict),
    ],
)
def test_every_value_has_a_word(told: words.Words, values: type[StrEnum]) -> None:
    """As the services' own sets are."""
    assert set(told) == set(values)


@pytest.mark.parametrize("told", [words.INCIDENT_KINDS, words.DEADLINES, words.EFFECTS])
def test_parts_of_figures_are_called_as_the_workbook_calls_them(told: words.Words) -> None:
    """One figure has one name, on a dashboard and in the file that leaves the ward."""
    indicator = Indicator(
        code="incidents",
        entered=False,
        unit=IndicatorUnit.COUNT,
        name_vi="Vụ việc",
        name_en="Incidents",
        numerator_vi="vụ",
        denominator_vi="",
        at_least_percent=None,
        at_most_percent=None,
        source="a test",
    )
    assert told == {part: Figure(indicator, 0, part=part).part_vi for part in told}


def test_sets_that_are_made_of_several_have_all_their_words() -> None:
    """Classes that an open alarm can have, how one turned out beside its kind, and how a sign-in ended."""
    assert set(words.SIGNAL_CLASSES) == set(SignalClass) - NEVER_OPEN
    assert set(Disposition) <= set(words.DISPOSITIONS) | set(words.ALARM_KINDS)
    assert set(words.BASES) == {basis.lower() for basis in FigureBasis}
    outcomes = {"granted", "unavailable", "overflow", "too_late", "malformed"}
    assert set(words.SIGN_INS) == set(Refusal) | outcomes
    described = metrics.SIGN_INS._documentation  # noqa: SLF001 - told nowhere else
    assert all(one in described for one in outcomes)
    others = {metrics.MESSAGES: words.OUTCOMES, metrics.CERTIFICATE_EXPIRES: words.CERTIFICATES}
    for metric, told in others.items():
        assert all(one in metric._documentation for one in told)  # noqa: SLF001 - likewise
