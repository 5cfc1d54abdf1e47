"""What the service reads from the environment, once."""

from enum import StrEnum

from chassis.settings import ServiceSettings


class Lanes(StrEnum):
    """What a process does with readings; large wards give each lane processes of its own."""

    BOTH = "both"
    DETECTOR = "detector"
    RECORDER = "recorder"


class Settings(ServiceSettings):
    """Settings of fire safety: those that all services share, and the lanes of this process."""

    lanes: Lanes = Lanes.BOTH
