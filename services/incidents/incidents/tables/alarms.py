"""Alarms as fire-safety last told them, and the incidents they belong to."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from incidents.tables.metadata import incident_id, metadata, moment, words

ENDED_FIRE = text("signal_class = 'ALARM' and ended")
IN_TROUBLE = text("signal_class <> 'ALARM' and restored_at is null and not ended")

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Text, primary_key=True),
    words("device_id"),
    words("premises_id"),
    words("signal_class"),
    moment("raised_at"),
    moment("restored_at", nullable=True),
    Column("ended", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("devices_in_trouble", "premises_id", postgresql_where=IN_TROUBLE),
    Index("ended_fire_alarms", "premises_id", "raised_at", postgresql_where=ENDED_FIRE),
)

# The primary key puts an alarm in exactly one incident, in order of `position` from 1. `restored_noted` is the
# restoring that the timeline tells already.
incident_alarms = Table(
    "incident_alarms",
    metadata,
    Column("alarm_id", Text, ForeignKey("alarms.alarm_id"), primary_key=True),
    # An alarm that was not reset may be raised again after its incident was closed: it then belongs to another one too.
    incident_id(primary_key=True),
    Column("position", Integer, nullable=False),
    # The version of the alarm in the newest raising that this incident knows of.
    Column("raised_version", BigInteger, nullable=False),
    words("device_id"),
    moment("restored_noted", nullable=True),
    UniqueConstraint("incident_id", "position", name="alarm_position_is_unique"),
    UniqueConstraint("alarm_id", "raised_version", name="alarm_raising_is_told_once"),
)
