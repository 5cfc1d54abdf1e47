"""Requests of data subjects, the restrictions they bring about, and what is kept whatever is asked."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from residency.tables.metadata import INSTANT, metadata

data_subject_requests = Table(
    "data_subject_requests",
    metadata,
    Column("request_uuid", Uuid, primary_key=True),
    Column("request_number", Text, nullable=False, unique=True),
    Column("ward_code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("through_processor", Boolean, nullable=False),
    # The person as access records name them, and on the register; null where the register has no such person.
    Column("subject", Text, nullable=False),
    Column("person_id", ForeignKey("persons.person_id")),
    Column("received_at", INSTANT, nullable=False),
    # Accounts are empty and times null where nobody did so yet.
    Column("received_by", Text, nullable=False),
    # The last days of the terms.
    Column("acknowledge_by", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    # By how many days the term can be extended.
    Column("extension_days", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("acknowledged_at", INSTANT),
    Column("verified_by", Text, nullable=False),
    Column("verified_at", INSTANT),
    Column("extended", Boolean, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", INSTANT),
    # Null where it was not refused.
    Column("refusal_ground", Text),
    # The case by which a correction is entered; empty where there is none.
    Column("case_number", Text, nullable=False, server_default=""),
    CheckConstraint(
        "kind in ('VIEW', 'CORRECT', 'RESTRICT', 'OBJECT', 'WITHDRAW_CONSENT', 'DELETE')",
        name="data_subject_requests_kind",
    ),
    CheckConstraint(
        "state in ('RECEIVED', 'VERIFIED', 'ANSWERED', 'REFUSED', 'WITHDRAWN')",
        name="data_subject_requests_state",
    ),
    CheckConstraint(
        "(state in ('ANSWERED', 'REFUSED')) = (decided_at is not null)",
        name="data_subject_requests_decided",
    ),
    CheckConstraint(
        "(state = 'REFUSED') = (refusal_ground is not null)", name="data_subject_requests_refused"
    ),
    # Nothing is granted to who was not verified.
    CheckConstraint(
        "state not in ('VERIFIED', 'ANSWERED') or verified_at is not null",
        name="data_subject_requests_verified",
    ),
    # Two persons: who received or verified does not restrict or delete.
    CheckConstraint(
        "kind not in ('RESTRICT', 'DELETE') or state <> 'ANSWERED'"
        " or decided_by not in (received_by, verified_by)",
        name="data_subject_requests_second_person",
    ),
    Index("data_subject_requests_oldest", "received_at", "request_uuid"),
    Index("data_subject_requests_of_subject", "subject", "received_at", "request_uuid"),
    Index("data_subject_requests_of_person", "person_id"),
    Index("data_subject_requests_due", "due_on", postgresql_where=text("decided_at is null")),
)

# Append-only, for the owner of the table as well; only a note is sealed anew when the key changes.
data_subject_request_history = Table(
    "data_subject_request_history",
    metadata,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("request_uuid", ForeignKey("data_subject_requests.request_uuid"), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("act", Text, nullable=False),
    Column("account", Text, nullable=False),
    # What was written, sealed for this request; null where nothing was.
    Column("note_sealed", LargeBinary),
    Index("data_subject_request_history_of_request", "request_uuid", "entry_id"),
)

# A restriction stands until it is lifted; of a row only that can be recorded.
restrictions = Table(
    "restrictions",
    metadata,
    Column("request_uuid", ForeignKey("data_subject_requests.request_uuid"), primary_key=True),
    Column("person_id", ForeignKey("persons.person_id"), nullable=False),
    Column("restricted_at", INSTANT, nullable=False),
    Column("lifted_at", INSTANT),
    Column("lifted_by", Text),
    CheckConstraint("(lifted_at is null) = (lifted_by is null)", name="restrictions_lifted"),
    Index("restrictions_standing", "person_id", postgresql_where=text("lifted_at is null")),
)

# For which purposes a person is shown although processing is restricted, by the day it came into force; changed by
# migrations only. Without a row nothing is shown.
restriction_rules = Table(
    "restriction_rules",
    metadata,
    Column("purpose", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("disclosed", Boolean, nullable=False),
    Column("source", Text, nullable=False),
)

# What is kept whatever is asked to be deleted, and by which law; changed by migrations only.
retention_rules = Table(
    "retention_rules",
    metadata,
    Column("data_class", Text, primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("kept", Boolean, nullable=False),
    # How many months after its end it is kept; null where it is kept for good, or not at all.
    Column("kept_months", SmallInteger),
    # The data as people name it.
    Column("name_vi", Text, nullable=False),
    Column("source", Text, nullable=False),
    CheckConstraint(
        "kept_months is null or kept and kept_months >= 0", name="retention_rules_kept_months"
    ),
)
