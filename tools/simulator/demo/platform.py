"""The running platform, as a newcomer has it after `make up`."""

from dataclasses import dataclass
from pathlib import Path

from stack.installation import Installation
from stack.issuer import Role
from stack.nats_configuration import SIMULATOR


@dataclass(frozen=True)
class Platform:
    """Where the gateway and the broker are, and how an officer and a device sign in."""

    run_dir: Path
    gateway: str
    officer_token: str
    broker_url: str

    @classmethod
    def of_run(cls, run_dir: Path, now: float) -> "Platform":
        """Return the platform of a run directory; raises stack.errors.StackError if never started."""
        place = Installation.of_run(run_dir)
        return cls(
            run_dir=run_dir,
            gateway=place.gateway_address,
            officer_token=place.issuer.token(Role.DUTY_OFFICER, now),
            broker_url=place.nats.url_for(SIMULATOR),
        )
