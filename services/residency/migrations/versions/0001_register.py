"""The register of residence, its outbox and its account of every access.

Revision ID: 0001
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make all tables."""
    op.execute("create extension if not exists btree_gist")
    _places()
    _people()
    _registrations()
    _legal_limits()
    _messages()
    _access_records()


def _places() -> None:
    op.create_table(
        "buildings",
        sa.Column("building_id", sa.Uuid, primary_key=True),
        sa.Column("ward_code", sa.Text, nullable=False),
        sa.Column("residential_group", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("storeys", sa.Integer, nullable=False),
        sa.CheckConstraint("residential_group > 0 and storeys > 0", name="buildings_positive"),
    )
    op.create_table(
        "dwellings",
        sa.Column("dwelling_id", sa.Uuid, primary_key=True),
        sa.Column("building_id", sa.Uuid, sa.ForeignKey("buildings.building_id"), nullable=False),
        sa.Column("floor", sa.Integer, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("occupancy_version", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("recount_on", sa.Date, index=True),
        sa.UniqueConstraint("building_id", "floor", "unit", name="dwellings_one_per_unit"),
    )


def _people() -> None:
    op.create_table(
        "persons",
        sa.Column("person_id", sa.Uuid, primary_key=True),
        sa.Column("number_sealed", sa.LargeBinary, nullable=False),
        sa.Column("number_index", sa.LargeBinary, nullable=False),
        sa.Column("full_name", sa.Text, nullable=False),
        sa.Column("birth_year", sa.SmallInteger, nullable=False),
        sa.Column("birth_month", sa.SmallInteger),
        sa.Column("birth_day", sa.SmallInteger),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.UniqueConstraint("number_index", name="persons_one_per_number"),
        sa.CheckConstraint("sex in ('M', 'F')", name="persons_sex"),
        sa.CheckConstraint(
            "birth_day is null or birth_month is not null", name="persons_birth_date"
        ),
    )
    op.create_table(
        "assistance_needs",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), primary_key=True),
        sa.Column("type", sa.Text, primary_key=True),
        sa.Column("review_on", sa.Date, nullable=False),
        sa.CheckConstraint(
            "type in ('MOBILITY', 'SIGHT', 'HEARING', 'INFANT', 'OXYGEN', 'PREGNANCY')",
            name="assistance_needs_type",
        ),
    )


def _registrations() -> None:
    op.create_table(
        "households",
        sa.Column("household_id", sa.Uuid, primary_key=True),
        sa.Column(
            "dwelling_id",
            sa.Uuid,
            sa.ForeignKey("dwellings.dwelling_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("householder_id", sa.Uuid, sa.ForeignKey("persons.person_id"), nullable=False),
        sa.Column("recorded_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "registrations",
        sa.Column("registration_id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), nullable=False),
        sa.Column(
            "dwelling_id",
            sa.Uuid,
            sa.ForeignKey("dwellings.dwelling_id"),
            nullable=False,
            index=True,
        ),
        sa.Column(
            "household_id", sa.Uuid, sa.ForeignKey("households.household_id"), nullable=False
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("relationship_to_householder", sa.Text, nullable=False, server_default=""),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("end_recorded_at", _INSTANT),
        sa.Column(
            "ends_on", sa.Date, sa.Computed("coalesce(ended_on, valid_until)", persisted=True)
        ),
        sa.CheckConstraint("kind in ('PERMANENT', 'TEMPORARY')", name="registrations_kind"),
        sa.CheckConstraint("valid_from < valid_until", name="registrations_term"),
        sa.CheckConstraint(
            "ended_on between valid_from and valid_until", name="registrations_end"
        ),
        sa.CheckConstraint(
            "(ended_on is null) = (end_recorded_at is null)", name="registrations_end_recorded"
        ),
    )
    op.execute(
        """
        alter table registrations add constraint registrations_one_permanent
        exclude using gist (person_id with =, daterange(valid_from, ends_on) with &&)
        where (kind = 'PERMANENT')
        """
    )
    # The past is not rewritten: of an entered registration only its end can be recorded.
    op.execute("revoke update, delete on registrations from residency_app")
    op.execute("grant update (ended_on, end_recorded_at) on registrations to residency_app")


def _legal_limits() -> None:
    limits = op.create_table(
        "legal_limits",
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.bulk_insert(
        limits,
        [
            {
                "rule": "temporary_residence_term",
                "effective_from": dt.date(2021, 7, 1),
                "value": 2,
                "unit": "years",
                "source": "Law 68/2020/QH14 on Residence, Art. 27(2)",
            }
        ],
    )
    op.execute("revoke insert, update, delete on legal_limits from residency_app")


def _messages() -> None:
    op.create_table(
        "imports",
        sa.Column("manifest_digest", sa.LargeBinary, primary_key=True),
        sa.Column("imported_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
    )
    op.create_table(
        "requests",
        sa.Column("account", sa.Text, primary_key=True),
        sa.Column("request_id", sa.Text, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False, index=True),
    )


def _access_records() -> None:
    op.create_table(
        "access_records",
        sa.Column("record_id", sa.Uuid, primary_key=True),
        sa.Column("recorded_at", _INSTANT, nullable=False, index=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
    )
    # The service may not change what it wrote, and nobody does so in passing: the trigger binds the owner too.
    op.execute("revoke update, delete on access_records from residency_app")
    op.execute(
        """
        create function refuse_change() returns trigger language plpgsql as $$
        begin
            raise exception '% is append-only', tg_table_name;
        end
        $$
        """
    )
    op.execute(
        """
        create trigger access_records_append_only
        before update or delete or truncate on access_records
        for each statement execute function refuse_change()
        """
    )
