"""Who lives together: households as the northern delta has them, in ages, sexes and relationships.

Relationships to the householder are those of Circular 116/2026/TT-BCA Art. 6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from simulator.generator.seeds import chance

OLDEST = 99
HOUSEHOLDER = "chủ hộ"
TENANT = "cùng ở thuê"
LEAVES_HOME_AT = 24
ADOPTED = 0.006


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a household; `family` numbers whose surname is borne (0: householder's)."""

    age: int
    sex: str
    relationship: str
    family: int = 0


Composition = list[Member]


def _spouse(rng: Random, of: Member, relationship: str | None = None, family: int = 1) -> Member:
    sex = "F" if of.sex == "M" else "M"
    older_by = rng.choice((-1, 0, 1, 2, 2, 3, 4, 5))
    age = of.age + (older_by if sex == "M" else -older_by)
    word = relationship or ("vợ" if sex == "F" else "chồng")
    return Member(min(max(age, 19), OLDEST), sex, word, family)


def _sex(rng: Random) -> str:
    # 112 boys to 100 girls: the delta's sex ratio at birth.
    return "M" if chance(rng, 0.528) else "F"


def _children(
    rng: Random, mother_age: int, count: int, relationship: str, family: int = 0
) -> Composition:
    """Return up to `count` children still at home, oldest first."""
    age = mother_age - rng.randint(21, 33)
    children = []
    for _ in range(count):
        if 0 <= age < LEAVES_HOME_AT:
            adopted = relationship == "con đẻ" and chance(rng, ADOPTED)
            word = "con nuôi" if adopted else relationship
            children.append(Member(age, _sex(rng), word, family))
        age -= rng.randint(2, 6)
    return children


def _head(rng: Random, youngest: int, oldest: int, men: float = 0.78) -> Member:
    sex = "M" if chance(rng, men) else "F"
    return Member(rng.randint(youngest, oldest), sex, HOUSEHOLDER)


def _mother_age(head: Member, spouse: Member) -> int:
    return head.age if head.sex == "F" else spouse.age


def _young_single(rng: Random) -> Composition:
    return [_head(rng, 20, 45, men=0.6)]


def _elderly_single(rng: Random) -> Composition:
    return [_head(rng, 62, 90, men=0.22)]


def _young_couple(rng: Random) -> Composition:
    head = _head(rng, 22, 33)
    return [head, _spouse(rng, head)]


def _elderly_couple(rng: Random) -> Composition:
    head = _head(rng, 52, 82, men=0.9)
    return [head, _spouse(rng, head)]


def _nuclear(rng: Random) -> Composition:
    head = _head(rng, 27, 53)
    spouse = _spouse(rng, head)
    count = rng.choices((1, 2, 3, 4), (16, 56, 24, 4))[0]
    father_family = 0 if head.sex == "M" else 1
    children = _children(rng, _mother_age(head, spouse), count, "con đẻ", father_family)
    return [head, spouse, *children]


def _lone_parent(rng: Random) -> Composition:
    head = _head(rng, 28, 58, men=0.2)
    family = 0 if head.sex == "M" else 2
    return [head, *_children(rng, head.age, rng.choice((1, 1, 2)), "con đẻ", family)]


def _three_generations(rng: Random) -> Composition:
    """Return a household led by the grandparents: their son or daughter came home married."""
    head = _head(rng, 52, 80, men=0.75)
    elders = [head] if chance(rng, 0.4) else [head, _spouse(rng, head)]
    line = 0 if head.sex == "M" else 1
    age = min(max(head.age - rng.randint(23, 32), 23), 50)
    child = Member(age, "M" if chance(rng, 0.85) else "F", "con đẻ", line)
    word = "con dâu" if child.sex == "M" else "con rể"
    partner = _spouse(rng, child, word, family=3)
    father_line = line if child.sex == "M" else 3
    mother = partner if partner.sex == "F" else child
    count = rng.choices((1, 2, 3), (24, 58, 18))[0]
    return [*elders, child, partner, *_children(rng, mother.age, count, "cháu", father_line)]


def _with_parents(rng: Random) -> Composition:
    """Return a household led by the middle generation, with a parent or two of the husband."""
    core = _nuclear(rng)
    head, spouse = core[0], core[1]
    husband = head if head.sex == "M" else spouse
    side = "đẻ" if husband is head else "chồng"
    mother = Member(min(husband.age + rng.randint(21, 32), OLDEST), "F", f"mẹ {side}", 4)
    parents = [mother]
    if chance(rng, 0.4):
        parents.append(_spouse(rng, mother, f"cha {side}", family=husband.family))
    return [*core, *parents]


def _siblings(rng: Random) -> Composition:
    head = _head(rng, 23, 38, men=0.55)
    younger = Member(head.age - rng.randint(1, 5), _sex(rng), "em")
    return [head, younger]


def _tenants(rng: Random) -> Composition:
    head = _head(rng, 19, 38, men=0.5)
    others = rng.choices((1, 2, 3), (60, 28, 12))[0]
    ages = (max(18, head.age + rng.randint(-4, 4)) for _ in range(others))
    return [head, *(Member(a, head.sex, TENANT, 5 + i) for i, a in enumerate(ages))]


Draw = Callable[[Random], Composition]

SETTLED: dict[Draw, int] = {
    _young_single: 1,
    _elderly_single: 5,
    _young_couple: 3,
    _elderly_couple: 11,
    _nuclear: 46,
    _lone_parent: 6,
    _three_generations: 19,
    _with_parents: 8,
    _siblings: 2,
}
RENTING: dict[Draw, int] = {
    _young_single: 44,
    _young_couple: 16,
    _nuclear: 14,
    _siblings: 8,
    _tenants: 18,
}


def draw_household(rng: Random, kinds: dict[Draw, int]) -> Composition:
    """Draw a household; the householder comes first."""
    return rng.choices(tuple(kinds), tuple(kinds.values()))[0](rng)
