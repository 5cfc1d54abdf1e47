"""Test and disablement, what was signalled meanwhile, storms, and how pre-alarms stand.

Revision ID: 0004
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_INSTANT = sa.DateTime(timezone=True)
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Make the tables and enter the first policies."""
    _alarms()
    _modes()
    _suppressed_signals()
    _storms()
    _rights()
    _first_policies()


def _alarms() -> None:
    """Say of the fire alarms there are what was true of all: they were confirmed when they were raised."""
    op.execute(
        "update alarms set confirmed_at = raised_at, confirmation = 'SAME_DEVICE'"
        " where kind in ('SMOKE', 'HEAT')"
    )
    op.create_check_constraint(
        "alarms_pre_alarm_waits", "alarms", "state <> 'PRE_ALARM' or confirmed_at is null"
    )
    op.create_index(
        "alarms_confirmed",
        "alarms",
        ["confirmed_at"],
        postgresql_where=sa.text("confirmed_at is not null"),
    )
    op.create_index(
        "alarms_by_reset",
        "alarms",
        ["reset_at"],
        postgresql_where=sa.text("disposition <> 'UNSPECIFIED'"),
    )


def _modes() -> None:
    op.create_table(
        "mode_policies",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("longest_test_s", sa.Integer, nullable=False),
        sa.Column("longest_disablement_s", sa.Integer, nullable=False),
    )
    op.create_table(
        "device_modes",
        sa.Column("mode_id", sa.Uuid, primary_key=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("premises_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("begins_at", _INSTANT, nullable=False),
        sa.Column("ends_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.CheckConstraint("kind in ('TEST', 'DISABLED')", name="device_modes_kind"),
        sa.CheckConstraint("scope in ('DEVICE', 'ZONE', 'PREMISES')", name="device_modes_scope"),
        sa.CheckConstraint("begins_at < ends_at", name="device_modes_end"),
        sa.CheckConstraint("reason <> ''", name="device_modes_reason"),
    )
    op.create_index("device_modes_newest", "device_modes", ["begins_at", "mode_id"])
    op.create_index(
        "device_modes_due",
        "device_modes",
        ["ends_at"],
        postgresql_where=sa.text("ended_at is null"),
    )


def _suppressed_signals() -> None:
    op.create_table(
        "suppressed_signals",
        sa.Column("signal_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("raised", sa.Boolean, nullable=False),
        sa.Column("pre_alarm", sa.Boolean, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("mode_id", sa.Uuid, sa.ForeignKey("device_modes.mode_id")),
        sa.Column("premises_id", sa.Text, nullable=False),
        sa.Column("zone_id", sa.Text, nullable=False),
        sa.Column("zone_name", sa.Text, nullable=False),
        sa.Column("floor", sa.Integer, nullable=False),
        sa.Column("observed_at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.CheckConstraint("why in ('TEST', 'DISABLED')", name="suppressed_signals_why"),
    )
    op.create_index(
        "suppressed_signals_once",
        "suppressed_signals",
        ["device_id", "kind", "observed_at", "raised", "pre_alarm"],
        unique=True,
    )
    op.create_index(
        "suppressed_signals_of_premises", "suppressed_signals", ["premises_id", "signal_id"]
    )


def _storms() -> None:
    op.create_table(
        "storm_policies",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("begins_at_premises", sa.Integer, nullable=False),
        sa.Column("within_s", sa.Integer, nullable=False),
        sa.Column("ends_below_premises", sa.Integer, nullable=False),
        sa.Column("calm_s", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "ends_below_premises <= begins_at_premises and calm_s >= within_s",
            name="storm_policies_hysteresis",
        ),
    )
    op.create_table(
        "storms",
        sa.Column("storm_id", sa.Uuid, primary_key=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("began_at", _INSTANT, nullable=False),
        sa.Column("ended_at", _INSTANT),
        sa.Column("most_premises", sa.Integer, nullable=False),
        sa.Column("policy_version", sa.Integer, nullable=False),
    )
    op.create_index(
        "storms_one_open",
        "storms",
        ["ward_code"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def _rights() -> None:
    """Let the service write no policy of its own, and forget nothing that happened."""
    for table in ("mode_policies", "storm_policies"):
        op.execute(f"revoke insert, update, delete on {table} from fire_safety_app")
        op.execute(
            f"create trigger {table}_are_kept before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )
    op.execute("revoke delete on device_modes, storms from fire_safety_app")
    op.execute("revoke update, delete on suppressed_signals from fire_safety_app")
    op.execute(
        "create function refuse_rewriting() returns trigger language plpgsql as"
        " $$ begin raise exception '% is append-only', tg_table_name; end $$"
    )
    op.execute(
        "create trigger append_only before update or delete or truncate on suppressed_signals"
        " for each statement execute function refuse_rewriting()"
    )


def _first_policies() -> None:
    modes = {
        "version": 1,
        "effective_from": _FIRST_DAY,
        "source": _MODES_SOURCE,
        "longest_test_s": 4 * 3600,
        "longest_disablement_s": 72 * 3600,
    }
    storms = {
        "version": 1,
        "effective_from": _FIRST_DAY,
        "source": _STORMS_SOURCE,
        "begins_at_premises": 10,
        "within_s": 300,
        "ends_below_premises": 3,
        "calm_s": 600,
    }
    for name, columns in (("mode_policies", modes), ("storm_policies", storms)):
        table = sa.table(name, *(sa.column(column) for column in columns))
        op.bulk_insert(table, [columns])


_MODES_SOURCE = """\
EN 54-2 asks that tests and disablements are shown as long as they last, not how long they may; both times are [own].
Test 4 h: half a working day at one premises. Disablement 72 h: a weekend's works; whoever needs more sets it anew and
says why again.
"""

_STORMS_SOURCE = """\
[own]. 10 of the ward's some 600 premises with new fire alarms within 5 minutes: fires do not spread so fast, so that a
common cause (a shared panel, lightning, a firmware, an attack) is likely and the officer should know. Over when fewer
than 3 had one within 10 minutes.
"""
