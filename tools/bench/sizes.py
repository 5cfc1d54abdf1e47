"""How much a benchmark does: the whole of it, or just enough to see that it works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Counts and seconds that bound a run.

    `batches` are messages of 50 readings, `singles` of one, `small` of 100 bytes; each drained `rounds` times, of the
    first two `usual` in the usual way.
    `warming` alarms are raised before any is measured, then `alarms` under each load, `alarms_per_second` of them; in
    a flood `flood_alarms` over `flood_s` seconds. `sustain_s` is for how long as much is sent as goes, and `log_mib`
    how much of PostgreSQL's log is written before.
    """

    devices: int
    rounds: int
    batches: int
    singles: int
    small: int
    usual: int
    warming: int
    alarms: int
    alarms_per_second: float
    flood_alarms: int
    flood_s: float
    sustain_s: float
    log_mib: int

    @property
    def alarming(self) -> int:
        """How many detectors smell smoke, each once; the others send clean air."""
        return self.warming + 3 * self.alarms + 2 * self.flood_alarms


FULL = Sizes(
    devices=2500,
    rounds=3,
    batches=40_000,
    singles=240_000,
    small=60_000,
    usual=3_000,
    warming=25,
    alarms=300,
    alarms_per_second=25,
    flood_alarms=300,
    flood_s=60,
    sustain_s=10,
    log_mib=1_000,
)
QUICK = Sizes(
    devices=100,
    rounds=1,
    batches=100,
    singles=300,
    small=500,
    usual=50,
    warming=5,
    alarms=10,
    alarms_per_second=20,
    flood_alarms=10,
    flood_s=1,
    sustain_s=1,
    log_mib=1,
)
