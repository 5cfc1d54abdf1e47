"""Credentials of devices, what was done with them, and the terms on which devices sign in."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from fire_safety.tables.metadata import INSTANT, metadata

device_credentials = Table(
    "device_credentials",
    metadata,
    Column("credential_id", Uuid, primary_key=True),
    Column("device_id", ForeignKey("devices.device_id"), nullable=False),
    # SHA-256 of the secret, which is random and long: nothing slower is needed against guessing.
    Column("secret_digest", LargeBinary, nullable=False),
    Column("issued_at", INSTANT, nullable=False),
    Column("issued_by", Text, nullable=False),
    # Brought forward to the end of the grace period when another replaces it.
    Column("expires_at", INSTANT, nullable=False),
    Column("revoked_at", INSTANT),
    Column("revoked_by", Text, nullable=False),
    # The one replaced steps aside before the other is entered, of which there may be one.
    Column(
        "replaced_by",
        ForeignKey("device_credentials.credential_id", deferrable=True, initially="DEFERRED"),
    ),
    Column("first_used_at", INSTANT),
    CheckConstraint("length(secret_digest) = 32", name="device_credentials_digest"),
    CheckConstraint("(revoked_at is null) = (revoked_by = '')", name="device_credentials_revoked"),
    Index("device_credentials_newest", "device_id", "issued_at", "credential_id"),
    # One at a time; another takes its place by rotation only.
    Index(
        "device_credentials_one_current",
        "device_id",
        unique=True,
        postgresql_where=text("revoked_at is null and replaced_by is null"),
    ),
    Index("device_credentials_by_end", "expires_at"),
    Index("device_credentials_by_revocation", "revoked_at"),
)

credential_audit = Table(
    "credential_audit",
    metadata,
    # Made of what it tells, so that nothing is told twice.
    Column("entry_id", Uuid, primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("action", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("credential_id", Uuid),
    Column("account", Text, nullable=False),
    CheckConstraint(
        "action in ('ISSUED', 'ROTATED', 'REVOKED', 'EXPIRED', 'SIGNED_IN', 'REFUSED', 'CROWDED')",
        name="credential_audit_action",
    ),
    Index("credential_audit_newest", "at", "entry_id"),
    Index("credential_audit_of_device", "device_id", "at", "entry_id"),
)

# For whom each gateway spoke when it was last looked at, so that a change is seen even over a restart.
gateway_rights = Table(
    "gateway_rights",
    metadata,
    Column("gateway_id", Text, primary_key=True),
    Column("children_digest", Text, nullable=False),
    Column("changed_at", INSTANT, nullable=False, index=True),
)

# Changed by migrations only.
sign_in_policies = Table(
    "sign_in_policies",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("effective_from", INSTANT, nullable=False),
    Column("source", Text, nullable=False),
    # How long a credential lives at most, and one that was replaced.
    Column("credential_life_s", Double, nullable=False),
    Column("rotation_grace_s", Double, nullable=False),
    # After this a connection has to sign in again.
    Column("session_s", Double, nullable=False),
    # Of one device at a time; null is any number.
    Column("max_connections", Integer),
    # The answer to a failed sign-in waits: this long from the second on, twice as long each time, at most so long;
    # a name or host that did not fail for some time begins anew.
    Column("delay_first_s", Double, nullable=False),
    Column("delay_max_s", Double, nullable=False),
    Column("failures_remembered_s", Double, nullable=False),
    # Bound nothing, and are read by the version before alone: without them it would let no device in.
    Column("max_payload_bytes", Integer),
    Column("max_subscriptions", Integer),
)
