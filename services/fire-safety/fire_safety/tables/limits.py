"""The limits that readings are judged by: changed by migrations only."""

from sqlalchemy import CheckConstraint, Column, Double, Integer, Table, Text

from fire_safety.tables.metadata import INSTANT, metadata

detection_profiles = Table(
    "detection_profiles",
    metadata,
    Column("profile_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    # Readings in a row that any change needs.
    Column("confirming_readings", Integer, nullable=False),
    # Optical density above clean air, m⁻¹, that alarms after the hold; below which it is normal after its hold.
    Column("smoke_alarm_m1", Double, nullable=False),
    Column("smoke_restore_m1", Double, nullable=False),
    Column("smoke_hold_s", Double, nullable=False),
    Column("smoke_restore_hold_s", Double, nullable=False),
    # How much dust and ageing may be taken for clean air, and how fast.
    Column("clean_air_max_m1", Double, nullable=False),
    Column("clean_air_rise_m1_per_h", Double, nullable=False),
    # Static response and rate of rise over at least the span, each with its return to normal.
    Column("heat_alarm_c", Double, nullable=False),
    Column("heat_restore_c", Double, nullable=False),
    Column("heat_rise_k_per_min", Double, nullable=False),
    Column("heat_rise_restore_k_per_min", Double, nullable=False),
    Column("heat_rise_span_s", Double, nullable=False),
    Column("heat_restore_hold_s", Double, nullable=False),
    # Readings further apart than both of these are not in a row.
    Column("gap_s", Double, nullable=False),
    Column("gap_intervals", Double, nullable=False),
    # A device clock without a newer reading for this long, while the device reports, was set back.
    Column("settle_s", Double, nullable=False),
    # Difference of device and broker clocks beyond which an alarm says so.
    Column("skew_s", Double, nullable=False),
    # Silence allowed: interval times this, by power class, and the margin.
    Column("silence_intervals_mains", Double, nullable=False),
    Column("silence_intervals_battery", Double, nullable=False),
    Column("silence_margin_s", Double, nullable=False),
    CheckConstraint("smoke_restore_m1 < smoke_alarm_m1", name="detection_profiles_smoke"),
    CheckConstraint("clean_air_max_m1 < smoke_alarm_m1", name="detection_profiles_clean_air"),
    CheckConstraint("heat_restore_c < heat_alarm_c", name="detection_profiles_heat"),
    CheckConstraint("gap_s > heat_rise_span_s", name="detection_profiles_gap"),
    CheckConstraint("confirming_readings > 0", name="detection_profiles_confirming"),
)

ingestion_limits = Table(
    "ingestion_limits",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    Column("max_bytes", Integer, nullable=False),
    Column("max_readings", Integer, nullable=False),
    # Device clock ahead of, and behind, the broker's.
    Column("future_s", Double, nullable=False),
    Column("ancient_s", Double, nullable=False),
    Column("optical_density_min", Double, nullable=False),
    Column("optical_density_max", Double, nullable=False),
    Column("temperature_min", Double, nullable=False),
    Column("temperature_max", Double, nullable=False),
    Column("battery_min", Double, nullable=False),
    Column("battery_max", Double, nullable=False),
    Column("carbon_monoxide_min", Double, nullable=False, server_default="0"),
    Column("carbon_monoxide_max", Double, nullable=False, server_default="100000"),
)
