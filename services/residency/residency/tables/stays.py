"""Guests who are declared, and temporary absences of persons of the register."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from residency.tables.bitemporal import bitemporal, days
from residency.tables.metadata import INSTANT, metadata

_CHANNELS = "channel in ('IN_PERSON', 'PHONE', 'EMAIL', 'PORTAL', 'LODGING_SOFTWARE')"

guest_stays = Table(
    "guest_stays",
    metadata,
    Column("stay_id", Uuid, primary_key=True),
    Column("dwelling_id", ForeignKey("dwellings.dwelling_id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    # Blind index of the guest's number or passport: the same as `persons.number_index` for the same number.
    Column("guest_index", LargeBinary, nullable=False, index=True),
    # Name, document and reason: key id, nonce and AES-256-GCM ciphertext.
    Column("particulars_sealed", LargeBinary, nullable=False),
    Column("birth_year", SmallInteger, nullable=False),
    Column("birth_month", SmallInteger),
    Column("birth_day", SmallInteger),
    # ISO 3166-1 alpha-3.
    Column("nationality", Text, nullable=False),
    # Null where the law does not ask for it.
    Column("sex", Text),
    Column("arrives_at", INSTANT, nullable=False),
    # When the declaration came in, how, and when it would have been too late.
    Column("received_at", INSTANT, nullable=False),
    Column("channel", Text, nullable=False),
    Column("declare_by", INSTANT, nullable=False),
    *bitemporal("guest_stays", "stay_id"),
    CheckConstraint("kind in ('LODGING', 'STANDING', 'FOREIGN')", name="guest_stays_kind"),
    CheckConstraint("kind = 'STANDING' or valid_until is not null", name="guest_stays_end_known"),
    CheckConstraint("kind <> 'FOREIGN' or sex is not null", name="guest_stays_foreign_sex"),
    CheckConstraint("nationality ~ '^[A-Z]{3}$'", name="guest_stays_nationality"),
    CheckConstraint("sex in ('M', 'F')", name="guest_stays_sex"),
    CheckConstraint("birth_day is null or birth_month is not null", name="guest_stays_birth_date"),
    CheckConstraint(_CHANNELS, name="guest_stays_channel"),
    # Nobody spends one night in two dwellings; relatives who come often may have several.
    ExcludeConstraint(
        (Column("guest_index"), "="),
        (days(), "&&"),
        name="guest_stays_one_a_night",
        using="gist",
        where="kind <> 'STANDING' and superseded_at is null",
    ),
)

absences = Table(
    "absences",
    metadata,
    Column("absence_id", Uuid, primary_key=True),
    Column("person_id", ForeignKey("persons.person_id"), nullable=False, index=True),
    Column("ground", Text, nullable=False),
    # Reason and destination, sealed as above.
    Column("particulars_sealed", LargeBinary, nullable=False),
    Column("received_at", INSTANT, nullable=False),
    Column("channel", Text, nullable=False),
    *bitemporal("absences", "absence_id"),
    CheckConstraint("ground in ('CONSCRIPTION_AGE', 'LONG_ABSENCE')", name="absences_ground"),
    CheckConstraint(_CHANNELS, name="absences_channel"),
    ExcludeConstraint(
        (Column("person_id"), "="),
        (days(), "&&"),
        name="absences_one",
        using="gist",
        where="superseded_at is null",
    ),
)
