"""All profiles on all traces."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from evaluation.nuisance import nuisances
from evaluation.scoring import FireScore, NuisanceScore, judge, score_fires, score_nuisance
from evaluation.traces import Label, Trace, fires
from fire_safety.detection.limits import limits_of
from fire_safety.domain.profiles.profile import Profile

NUISANCES = (Label.COOKING, Label.STEAM, Label.DUST, Label.CLEAN)
# As NIST measured, every 2 s (one fire every 5 s), and as a mains device of the register reports.
INTERVALS_S = (2, 10)


@dataclass(frozen=True)
class Evaluation:
    """How one profile did, for devices that report so often."""

    profile: str
    interval_s: int
    fires: FireScore
    nuisances: Mapping[Label, NuisanceScore]


def evaluate(profiles: Iterable[Profile], seeds: range) -> Iterator[Evaluation]:
    """Judge the fires and the SYNTHETIC nuisances of these seeds by each profile that judges smoke or heat."""
    burning, quiet = list(fires()), list(nuisances(seeds))
    for interval_s in INTERVALS_S:
        some_fires = [one.every(interval_s) for one in burning]
        some_nuisances = [one.every(interval_s) for one in quiet]
        for profile in profiles:
            if is_judged_by(profile):
                yield _evaluated(profile, interval_s, some_fires, some_nuisances)


def is_judged_by(profile: Profile) -> bool:
    """Tell whether a profile judges what these traces measure."""
    return profile.limits.smoke is not None or profile.limits.heat is not None


def _evaluated(
    profile: Profile, interval_s: int, burning: list[Trace], quiet: list[Trace]
) -> Evaluation:
    limits = limits_of(profile, interval_s, mains_powered=True)
    told = [judge(one, limits) for one in quiet]
    return Evaluation(
        profile=profile.name,
        interval_s=interval_s,
        fires=score_fires(judge(one, limits) for one in burning),
        nuisances={label: score_nuisance(label, told) for label in NUISANCES},
    )
