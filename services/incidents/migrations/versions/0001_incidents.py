"""Incidents, their proof and their clocks, and what the brief keeps of other services."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APP = "incidents_app"
APPEND_ONLY = ("timeline", "notifications", "access_records")
# The ward's own figures after DOMAIN facts: 60 s is the call-processing anchor of NFPA 1221/1225 for the most urgent
# events (90 % within 60 to 64 s); 300 s for a single detector and the steps after the first are the ward's choice.
OWN = "ward's own figure; anchor NFPA 1221 call processing"
POLICIES = [
    ("P1", 0, 0, "duty_officer"),
    ("P1", 1, 60, "deputy_duty_officer"),
    ("P1", 2, 60, "ward_executive"),
    ("P2", 0, 0, "duty_officer"),
    ("P2", 1, 300, "deputy_duty_officer"),
    ("P2", 2, 300, "ward_executive"),
]
EFFECTIVE_FROM = datetime(2025, 7, 1, tzinfo=UTC)


def upgrade() -> None:
    """Make the tables, close what is append-only, and enter the first escalation policy."""
    _incidents()
    _alarms()
    _proof()
    _clocks()
    _projections()
    _messaging()
    _access_records()
    for table in APPEND_ONLY:
        _forbid_change(table)
    # The service must not forget what happened, and does not write its own policy.
    for table in ("incidents", "incident_alarms", "alarms", "escalations", "incident_numbers"):
        op.execute(f"revoke delete on {table} from {APP}")
    op.execute(f"revoke insert, update, delete on escalation_policies from {APP}")


def _time(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _incident_id(*, primary_key: bool = False) -> sa.Column:
    reference = sa.ForeignKey("incidents.incident_id")
    return sa.Column("incident_id", sa.Uuid, reference, primary_key=primary_key, nullable=False)


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("incident_id", sa.Uuid, primary_key=True),
        _text("ward_code"),
        _text("number"),
        _text("kind"),
        _text("state"),
        _text("priority"),
        _text("place_key"),
        _text("premises_id"),
        _text("place"),
        _text("address"),
        _time("opened_at"),
        _time("acknowledged_at", nullable=True),
        _text("acknowledged_by"),
        _text("assignee"),
        _time("closed_at", nullable=True),
        sa.Column("disposition", sa.Text, nullable=True),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("ward_code", "number", name="incident_number_is_unique"),
        sa.CheckConstraint("kind in ('FIRE')", name="kind_is_known"),
        sa.CheckConstraint("priority in ('P1', 'P2')", name="priority_is_known"),
        sa.CheckConstraint(
            "state in ('REPORTED', 'ACKNOWLEDGED', 'ASSIGNED', 'CLOSED')", name="state_is_known"
        ),
        sa.CheckConstraint(
            "(state = 'CLOSED') = (closed_at is not null)"
            " and (closed_at is null) = (disposition is null)",
            name="closed_says_when_and_what",
        ),
        sa.CheckConstraint(
            "(state = 'REPORTED') = (acknowledged_at is null)", name="taken_on_says_when"
        ),
    )
    op.create_index(
        "one_open_fire_per_place",
        "incidents",
        ["ward_code", "place_key"],
        unique=True,
        postgresql_where=sa.text("kind = 'FIRE' and state <> 'CLOSED'"),
    )
    op.create_index("incidents_newest_first", "incidents", ["opened_at", "incident_id"])
    op.create_index(
        "incidents_of_premises", "incidents", ["premises_id", "opened_at", "incident_id"]
    )
    op.create_table(
        "incident_numbers",
        sa.Column("ward_code", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
    )


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("alarm_id", sa.Text, primary_key=True),
        _text("device_id"),
        _text("premises_id"),
        _text("signal_class"),
        _time("raised_at"),
        _time("restored_at", nullable=True),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_index(
        "devices_in_trouble",
        "alarms",
        ["premises_id"],
        postgresql_where=sa.text("signal_class <> 'ALARM' and restored_at is null and not ended"),
    )
    op.create_table(
        "incident_alarms",
        sa.Column("alarm_id", sa.Text, sa.ForeignKey("alarms.alarm_id"), primary_key=True),
        _incident_id(primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("raised_version", sa.BigInteger, nullable=False),
        _text("device_id"),
        _time("restored_noted", nullable=True),
        sa.UniqueConstraint("incident_id", "position", name="alarm_position_is_unique"),
        sa.UniqueConstraint("alarm_id", "raised_version", name="alarm_raising_is_told_once"),
    )


def _proof() -> None:
    op.create_table(
        "timeline",
        _incident_id(primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        _time("at"),
        _text("kind"),
        _text("actor"),
        _text("text"),
    )
    op.create_table(
        "notifications",
        _incident_id(primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        _time("sent_at"),
    )


def _clocks() -> None:
    op.create_table(
        "escalations",
        _incident_id(primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        _time("due_at"),
        _text("recipient"),
        _text("channel"),
        _time("taken_at", nullable=True),
        _time("cancelled_at", nullable=True),
        sa.CheckConstraint("taken_at is null or cancelled_at is null", name="taken_or_cancelled"),
    )
    op.create_index(
        "escalations_due",
        "escalations",
        ["due_at"],
        postgresql_where=sa.text("taken_at is null and cancelled_at is null"),
    )
    policies = op.create_table(
        "escalation_policies",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("priority", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("delay_s", sa.Integer, nullable=False),
        _text("recipient"),
        _text("channel"),
        _text("source"),
    )
    op.bulk_insert(
        policies,
        [
            {
                "kind": "FIRE",
                "priority": priority,
                "effective_from": EFFECTIVE_FROM,
                "step": step,
                "delay_s": delay_s,
                "recipient": recipient,
                "channel": "console",
                "source": OWN,
            }
            for priority, step, delay_s, recipient in POLICIES
        ],
    )


def _projections() -> None:
    op.create_table(
        "premises",
        sa.Column("premises_id", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        _time("as_of"),
        _text("name"),
        _text("address"),
        _text("building_id"),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "occupancies",
        sa.Column("dwelling_id", sa.Text, primary_key=True),
        sa.Column("building_id", sa.Text, nullable=False, index=True),
        sa.Column("floor", sa.Integer, nullable=False),
        _text("unit"),
        sa.Column("version", sa.BigInteger, nullable=False),
        _time("as_of"),
        sa.Column("payload", sa.LargeBinary, nullable=False),
    )


def _messaging() -> None:
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False, unique=True),
        _text("subject"),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        _text("request_id"),
        _time("created_at"),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "requests",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        _text("resource_id"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )


def _access_records() -> None:
    op.create_table(
        "access_records",
        sa.Column("record_id", sa.Uuid, primary_key=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, index=True),
        _text("account"),
        sa.Column("roles", postgresql.ARRAY(sa.Text), nullable=False),
        _text("method"),
        _text("purpose"),
        _text("reference"),
        _text("subject"),
        _text("outcome"),
        _text("request_id"),
    )


def _forbid_change(table: str) -> None:
    """Let rows only be added: by privilege for the service, by trigger for everybody, the owner too."""
    op.execute(f"revoke update, delete on {table} from {APP}")
    op.execute(
        """
        create or replace function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
        end $$
        """
    )
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table}"
        " for each statement execute function refuse_change()"
    )
