"""Residence cases, their history, and the questions to the population database."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from chassis.calendar.decided_days import decided_days_table
from residency.tables.metadata import INSTANT, metadata

cases = Table(
    "cases",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("case_number", Text, nullable=False, unique=True),
    Column("ward_code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("identity_check", Text, nullable=False),
    # The declaration as protobuf, sealed for this case.
    Column("declaration_sealed", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("submitted_at", INSTANT),
    # Accounts are empty and times null where nobody did so yet.
    Column("accepted_by", Text, nullable=False),
    Column("accepted_at", INSTANT),
    Column("verified_by", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", INSTANT),
    # Null where the case was not refused.
    Column("refusal_ground", Text),
    # The clock: null as a whole until it starts, `running_since` and `due_on` also while it stands.
    Column("term_days", SmallInteger),
    Column("used_days", SmallInteger),
    Column("running_since", Date),
    Column("due_on", Date),
    # The last day for a supplement that the citizen was asked for; null while nothing is.
    Column("supplement_due_on", Date),
    # Accounts that wrote the declaration, accepted or verified, ever.
    Column("written_by", ARRAY(Text), nullable=False),
    # The registration whose term it would renew, since it was handed in; null for other kinds.
    Column("renews", ForeignKey("registrations.registration_id")),
    CheckConstraint("channel in ('ELECTRONIC', 'COUNTER')", name="cases_channel"),
    CheckConstraint("(term_days is null) = (used_days is null)", name="cases_clock"),
    CheckConstraint("(accepted_at is null) = (term_days is null)", name="cases_clock_started"),
    CheckConstraint(
        "(state in ('APPROVED', 'REFUSED', 'RECORDED', 'CANCELLED')) = (decided_at is not null)",
        name="cases_decided",
    ),
    CheckConstraint("(state = 'REFUSED') = (refusal_ground is not null)", name="cases_refused"),
    # Two persons: who wrote into it, accepted or verified does not approve.
    CheckConstraint(
        "state not in ('APPROVED', 'RECORDED', 'CANCELLED')"
        " or decided_by <> all (written_by || accepted_by || verified_by)",
        name="cases_second_person",
    ),
    CheckConstraint(
        "supplement_due_on is null or state = 'SUPPLEMENT_REQUESTED'", name="cases_supplement"
    ),
    Index("cases_of_account", "account", "created_at", "case_id"),
    Index("cases_oldest", "created_at", "case_id"),
    Index("cases_due", "due_on", postgresql_where=text("decided_at is null")),
    Index("cases_renewing", "renews", postgresql_where=text("renews is not null")),
)

# The last running number of a year.
case_numbers = Table(
    "case_numbers",
    metadata,
    Column("ward_code", Text, primary_key=True),
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

# Append-only, for the owner of the table as well; only a note is sealed anew when the key changes.
case_history = Table(
    "case_history",
    metadata,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id"), nullable=False),
    Column("at", INSTANT, nullable=False),
    Column("act", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_on", Date),
    # Empty for the service itself.
    Column("account", Text, nullable=False),
    # What people wrote, sealed for this case; null where they wrote nothing.
    Column("note_sealed", LargeBinary),
    Index("case_history_of_case", "case_id", "entry_id"),
)

# What a case entered into the register.
case_registrations = Table(
    "case_registrations",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("registration_id", ForeignKey("registrations.registration_id"), primary_key=True),
)

case_stays = Table(
    "case_stays",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("stay_id", ForeignKey("guest_stays.stay_id"), primary_key=True),
)

case_absences = Table(
    "case_absences",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("absence_id", ForeignKey("absences.absence_id"), primary_key=True),
)

# One row for each person of a case that the population database is asked about; a timer until it is answered.
population_checks = Table(
    "population_checks",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    # 0 is the declarant, the members follow.
    Column("person", SmallInteger, primary_key=True, autoincrement=False),
    # Which round of verification: an answer to an earlier one is not taken.
    Column("check_id", Uuid, nullable=False),
    Column("attempts", Integer, nullable=False),
    # When it is asked next; null once it is answered.
    Column("due_at", INSTANT, index=True),
    Column("verdict", Text, nullable=False),
    CheckConstraint(
        "verdict in ('UNAVAILABLE', 'MATCH', 'MISMATCH', 'NOT_FOUND')",
        name="population_checks_verdict",
    ),
    CheckConstraint(
        "(due_at is null) = (verdict <> 'UNAVAILABLE')", name="population_checks_answered"
    ),
)

# Days that are or are not worked whatever the rule says; changed by migrations and `holidays import` only.
decided_days = decided_days_table(metadata)
