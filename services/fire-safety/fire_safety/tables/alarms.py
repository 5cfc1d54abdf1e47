"""Alarms, and the constraints that keep one active per device and kind."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from fire_safety.tables.metadata import INSTANT, metadata

alarms = Table(
    "alarms",
    metadata,
    Column("alarm_id", Uuid, primary_key=True),
    Column("ward_code", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    # As placed when it was raised or moved last; empty texts and floor 0 where nothing was known.
    Column("device_known", Boolean, nullable=False),
    Column("premises_id", Text, nullable=False),
    Column("zone_id", Text, nullable=False),
    Column("zone_name", Text, nullable=False),
    Column("floor", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("observed_at", INSTANT, nullable=False),
    Column("raised_at", INSTANT, nullable=False),
    Column("value", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("profile", Text, nullable=False),
    Column("clock_skewed", Boolean, nullable=False),
    Column("restored_at", INSTANT),
    Column("acknowledged_at", INSTANT),
    Column("acknowledged_by", Text, nullable=False),
    Column("reset_at", INSTANT),
    Column("reset_by", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    # When the fire condition began; null while a pre-alarm waits for it.
    Column("confirmed_at", INSTANT),
    # What confirmed it (Confirmation), and the device where that was a second one.
    Column("confirmation", Text, nullable=False, server_default=""),
    Column("confirmed_by_device_id", Text, nullable=False, server_default=""),
    # The sounders are silent; the alarm stays.
    Column("silenced_at", INSTANT),
    Column("silenced_by", Text, nullable=False, server_default=""),
    # A device that comes and goes is held as raised until then.
    Column("shelved_until", INSTANT),
    # When it signalled again after it was restored, newest first: how often it comes and goes outlasts a restart.
    Column("signalled_again_at", ARRAY(INSTANT), nullable=False, server_default="{}"),
    CheckConstraint(
        "state in ('PRE_ALARM', 'ACTIVE', 'ACKNOWLEDGED', 'RESET')", name="alarms_state"
    ),
    CheckConstraint("(state = 'RESET') = (reset_at is not null)", name="alarms_reset_says_when"),
    CheckConstraint("state <> 'RESET' or restored_at is not null", name="alarms_reset_restored"),
    CheckConstraint("state <> 'PRE_ALARM' or confirmed_at is null", name="alarms_pre_alarm_waits"),
    # One active alarm per device and kind, whoever tries.
    Index(
        "alarms_one_active",
        "device_id",
        "kind",
        unique=True,
        postgresql_where=text("state <> 'RESET'"),
    ),
    # One reading raises an alarm once, however often it is delivered.
    Index("alarms_one_per_reading", "device_id", "kind", "observed_at", unique=True),
    Index("alarms_newest", "raised_at", "alarm_id"),
    Index("alarms_of_premises", "premises_id", "raised_at", "alarm_id"),
    # What storms are counted by, and what false alarms are.
    Index("alarms_confirmed", "confirmed_at", postgresql_where=text("confirmed_at is not null")),
    Index("alarms_by_reset", "reset_at", postgresql_where=text("disposition <> 'UNSPECIFIED'")),
)

# Written as the index of open alarms has it: a plan for any value could not use that otherwise.
OPEN = alarms.c.state != literal_column("'RESET'", Text)
# Of those, what has not been restored.
SIGNALLING = OPEN & alarms.c.restored_at.is_(None)
