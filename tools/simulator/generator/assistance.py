"""Who needs help to get out: a share of each age, about as a ward's own list would show it."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from simulator.generator.family import Member
from simulator.generator.model import AssistanceNeed
from simulator.generator.seeds import chance

MUST_BE_CARRIED_DAYS = 550
MOBILITY, SIGHT, HEARING, OXYGEN = "MOBILITY", "SIGHT", "HEARING", "OXYGEN"
INFANT, PREGNANCY = "INFANT", "PREGNANCY"
REVIEW_DAYS = 365
PREGNANCY_DAYS = 280
PREGNANCY_AGES = range(21, 39)

# From this age on, the share with each need; the last row that fits applies.
SHARES: tuple[tuple[int, dict[str, float]], ...] = (
    (2, {MOBILITY: 0.004, SIGHT: 0.001, HEARING: 0.002}),
    (40, {MOBILITY: 0.009, SIGHT: 0.003, HEARING: 0.004, OXYGEN: 0.0005}),
    (60, {MOBILITY: 0.035, SIGHT: 0.012, HEARING: 0.02, OXYGEN: 0.003}),
    (75, {MOBILITY: 0.19, SIGHT: 0.05, HEARING: 0.10, OXYGEN: 0.012}),
    (85, {MOBILITY: 0.46, SIGHT: 0.10, HEARING: 0.20, OXYGEN: 0.03}),
)


def needs_of(
    rng: Random, person_id: str, member: Member, birth: date, as_of: date
) -> list[AssistanceNeed]:
    """Draw the needs of one person, with the day of review."""
    carried_until = birth + timedelta(days=MUST_BE_CARRIED_DAYS)
    if as_of < carried_until:
        return [AssistanceNeed(person_id, INFANT, carried_until)]
    review = as_of + timedelta(days=rng.randint(30, REVIEW_DAYS))
    needs = [
        AssistanceNeed(person_id, need, review)
        for need, share in _shares(member.age).items()
        if chance(rng, share)
    ]
    if member.sex == "F" and member.age in PREGNANCY_AGES and chance(rng, 0.045):
        due = as_of + timedelta(days=rng.randint(20, PREGNANCY_DAYS))
        needs.append(AssistanceNeed(person_id, PREGNANCY, due))
    return needs


def _shares(age: int) -> dict[str, float]:
    fitting = [shares for least, shares in SHARES if age >= least]
    return fitting[-1] if fitting else {}


def at_least(
    needs: Sequence[AssistanceNeed], by_age: Sequence[str], count: int, as_of: date
) -> list[AssistanceNeed]:
    """Return the needs to add so that `count` of the people, oldest first, have one."""
    known = {need.person_id for need in needs}
    missing = max(count - sum(person in known for person in by_age), 0)
    review = as_of + timedelta(days=REVIEW_DAYS)
    chosen = [person for person in by_age if person not in known][:missing]
    return [AssistanceNeed(person, MOBILITY, review) for person in chosen]
