"""By which limits each device is judged: what follows from the versions of profiles that are in force."""

from collections.abc import Iterable

from fire_safety.detection.limits import Limits, limits_of
from fire_safety.domain.profiles.profile import DEFAULT_PROFILE, Profile

# Which profile judges a device, how often it reports, and whether on mains: what its limits follow from.
LimitsKey = tuple[str, int, bool]
# That of a device that is not on the register: the default profile judges it.
UNKNOWN: LimitsKey = ("", 0, False)


class Judging:
    """The profiles in force, and the limits by them, each made once."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self._profiles = _by_id(profiles)
        self._limits: dict[LimitsKey, Limits] = {}

    def take(self, profiles: Iterable[Profile]) -> bool:
        """Judge by these versions from now on; tell whether they differ from those before."""
        taken = _by_id(profiles)
        if taken == self._profiles:
            return False
        self._profiles = taken
        self._limits.clear()
        return True

    def limits(self, judged_by: LimitsKey) -> Limits:
        """Find the limits of a device; one whose profile is unknown has the default's: never none."""
        if judged_by not in self._limits:
            profile_id, interval_s, mains_powered = judged_by
            profile = self._profiles.get(profile_id) or self._profiles[DEFAULT_PROFILE]
            self._limits[judged_by] = limits_of(profile, interval_s, mains_powered=mains_powered)
        return self._limits[judged_by]


def _by_id(profiles: Iterable[Profile]) -> dict[str, Profile]:
    return {profile.profile_id: profile for profile in profiles}
