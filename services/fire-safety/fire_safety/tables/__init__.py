"""The tables of fire safety and the constraints that keep its rules; one file per topic."""

from fire_safety.tables.alarms import OPEN, SIGNALLING, alarms
from fire_safety.tables.areas import area_changes
from fire_safety.tables.credentials import (
    credential_audit,
    device_credentials,
    gateway_rights,
    sign_in_policies,
)
from fire_safety.tables.detection import detector_positions, lane_streams, recorder_positions
from fire_safety.tables.limits import (
    detection_profiles,
    ingestion_limits,
    profile_assignments,
    recording_limits,
    test_intervals,
)
from fire_safety.tables.messages import outbox, requests
from fire_safety.tables.metadata import metadata
from fire_safety.tables.modes import device_modes, mode_policies, suppressed_signals
from fire_safety.tables.readings import (
    reading_sequences,
    readings,
    readings_hourly,
    retention_policies,
    rollup_due,
)
from fire_safety.tables.register import (
    device_changes,
    devices,
    mutual_aid_group_versions,
    mutual_aid_groups,
    mutual_aid_members,
    premises,
    supply_points,
    zones,
)
from fire_safety.tables.storms import storm_policies, storms

__all__ = [
    "OPEN",
    "SIGNALLING",
    "alarms",
    "area_changes",
    "credential_audit",
    "detection_profiles",
    "detector_positions",
    "device_changes",
    "device_credentials",
    "device_modes",
    "devices",
    "gateway_rights",
    "ingestion_limits",
    "lane_streams",
    "metadata",
    "mode_policies",
    "mutual_aid_group_versions",
    "mutual_aid_groups",
    "mutual_aid_members",
    "outbox",
    "premises",
    "profile_assignments",
    "reading_sequences",
    "readings",
    "readings_hourly",
    "recorder_positions",
    "recording_limits",
    "requests",
    "retention_policies",
    "rollup_due",
    "sign_in_policies",
    "storm_policies",
    "storms",
    "supply_points",
    "suppressed_signals",
    "test_intervals",
    "zones",
]
