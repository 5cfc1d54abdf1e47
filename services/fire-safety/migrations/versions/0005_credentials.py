"""Credentials of devices, their audit, and the first terms of signing in.

Revision ID: 0005
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INSTANT = sa.DateTime(timezone=True)
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Make the tables."""
    _credentials()
    _audit()
    _gateway_rights()
    _policies()
    _rights()
    _first_policy()


def _credentials() -> None:
    op.create_table(
        "device_credentials",
        sa.Column("credential_id", sa.Uuid, primary_key=True),
        sa.Column("device_id", sa.Text, sa.ForeignKey("devices.device_id"), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary, nullable=False),
        sa.Column("issued_at", _INSTANT, nullable=False),
        sa.Column("issued_by", sa.Text, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("revoked_at", _INSTANT),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sa.Column(
            "replaced_by",
            sa.Uuid,
            sa.ForeignKey(
                "device_credentials.credential_id", deferrable=True, initially="DEFERRED"
            ),
        ),
        sa.Column("first_used_at", _INSTANT),
        sa.CheckConstraint("length(secret_digest) = 32", name="device_credentials_digest"),
        sa.CheckConstraint(
            "(revoked_at is null) = (revoked_by = '')", name="device_credentials_revoked"
        ),
    )
    op.create_index(
        "device_credentials_newest",
        "device_credentials",
        ["device_id", "issued_at", "credential_id"],
    )
    op.create_index(
        "device_credentials_one_current",
        "device_credentials",
        ["device_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at is null and replaced_by is null"),
    )
    op.create_index("device_credentials_by_end", "device_credentials", ["expires_at"])
    op.create_index("device_credentials_by_revocation", "device_credentials", ["revoked_at"])


def _audit() -> None:
    op.create_table(
        "credential_audit",
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("credential_id", sa.Uuid),
        sa.Column("account", sa.Text, nullable=False),
        sa.CheckConstraint(
            "action in ('ISSUED', 'ROTATED', 'REVOKED', 'EXPIRED', 'SIGNED_IN', 'REFUSED')",
            name="credential_audit_action",
        ),
    )
    op.create_index("credential_audit_newest", "credential_audit", ["at", "entry_id"])
    op.create_index(
        "credential_audit_of_device", "credential_audit", ["device_id", "at", "entry_id"]
    )


def _gateway_rights() -> None:
    op.create_table(
        "gateway_rights",
        sa.Column("gateway_id", sa.Text, primary_key=True),
        sa.Column("children_digest", sa.Text, nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False, index=True),
    )


def _policies() -> None:
    seconds = (
        "credential_life_s",
        "rotation_grace_s",
        "session_s",
        "delay_first_s",
        "delay_max_s",
        "failures_remembered_s",
    )
    op.create_table(
        "sign_in_policies",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("max_payload_bytes", sa.Integer, nullable=False),
        sa.Column("max_subscriptions", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Double, nullable=False) for name in seconds),
    )


def _rights() -> None:
    """Keep credentials, let audit entries only be added, and policies be read."""
    op.execute("revoke delete on device_credentials from fire_safety_app")
    op.execute("revoke update, delete on credential_audit from fire_safety_app")
    op.execute("revoke insert, update, delete on sign_in_policies from fire_safety_app")
    op.execute(
        "create trigger sign_in_policies_are_kept before update or delete or truncate"
        " on sign_in_policies for each statement execute function refuse_change()"
    )
    # The trigger binds the owner too.
    op.execute(
        "create trigger credential_audit_append_only before update or delete or truncate"
        " on credential_audit for each statement execute function refuse_rewriting()"
    )


def _first_policy() -> None:
    columns = {
        "version": 1,
        "effective_from": _FIRST_DAY,
        "source": _SOURCE,
        "credential_life_s": 2 * 365 * 86400,
        "rotation_grace_s": 7 * 86400,
        "session_s": 12 * 3600,
        "max_payload_bytes": 1024 * 1024,
        "max_subscriptions": 20,
        "delay_first_s": 0.25,
        "delay_max_s": 4,
        "failures_remembered_s": 600,
    }
    policies = sa.table("sign_in_policies", *(sa.column(name) for name in columns))
    op.bulk_insert(policies, [columns])


_SOURCE = """\
[own], all of it. Life two years: a visit of the technician within each two yearly inspections of Decree
105/2025/ND-CP. Grace seven days: a week to change over a device that a technician has to visit. Session twelve hours:
rights that changed unseen last no longer. Payload 1 MiB: four times what ingestion believes, so that an absurd message
is set aside with its reason rather than cut off. Twenty subscriptions: commands and acknowledgements need three.
Failed sign-ins wait 0.25 s from the second on, doubled up to 4 s, which is less than the broker's five seconds of
patience; ten minutes without one begin anew. A right secret never waits, so that nobody can lock a device out.
"""
