"""Guests and absences, as they are declared, and needs of assistance over time.

Revision ID: 0015
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_INSTANT = sa.DateTime(timezone=True)
_CHANNELS = "channel in ('IN_PERSON', 'PHONE', 'EMAIL', 'PORTAL', 'LODGING_SOFTWARE')"
_LODGING = "Law 68/2020/QH14 on Residence, Art. 30(4)"
_FOREIGN = (
    "Law 47/2014/QH13 Art. 33; what Law 118/2025/QH15 and Circular 70/2026/TT-BCA change of it [?]"
)
_ABSENCE = "Law 68/2020/QH14 on Residence, Art. 31(1), amended by Law 118/2025/QH15; grounds [own]"
# Rule, first day in force, value, unit, source.
_LIMITS = (
    (
        "lodging_term",
        dt.date(2021, 7, 1),
        30,
        "day",
        "Circular 116/2026/TT-BCA Art. 14(4): lodging is a stay of fewer days; who stays longer registers",
    ),
    (
        "lodging_deadline",
        dt.date(2021, 7, 1),
        23,
        "hour",
        f"{_LODGING}: before 23:00 of the day of arrival",
    ),
    ("foreign_stay_deadline", dt.date(2015, 1, 1), 12, "hour", _FOREIGN),
    ("foreign_stay_deadline_remote", dt.date(2015, 1, 1), 24, "hour", f"{_FOREIGN}; remote areas"),
    (
        "absence_conscription_age",
        dt.date(2021, 7, 1),
        3,
        "month",
        f"{_ABSENCE}: point c, from three months on",
    ),
    (
        "absence_long_absence",
        dt.date(2021, 7, 1),
        12,
        "month",
        f"{_ABSENCE}: point d, from twelve months on",
    ),
    (
        "assistance_review_term",
        dt.date(2021, 7, 1),
        12,
        "month",
        "[own] What help somebody needs is asked again within a year (accuracy, Law 91/2025/QH15 Art. 3).",
    ),
)


def upgrade() -> None:
    """Make room for guests and absences, and give needs their two times."""
    _guest_stays()
    _absences()
    _needs()
    _rules()


def _guest_stays() -> None:
    op.create_table(
        "guest_stays",
        sa.Column("stay_id", sa.Uuid, primary_key=True),
        sa.Column(
            "dwelling_id",
            sa.Uuid,
            sa.ForeignKey("dwellings.dwelling_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("guest_index", sa.LargeBinary, nullable=False, index=True),
        sa.Column("particulars_sealed", sa.LargeBinary, nullable=False),
        sa.Column("birth_year", sa.SmallInteger, nullable=False),
        sa.Column("birth_month", sa.SmallInteger),
        sa.Column("birth_day", sa.SmallInteger),
        sa.Column("nationality", sa.Text, nullable=False),
        sa.Column("sex", sa.Text),
        sa.Column("arrives_at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("declare_by", _INSTANT, nullable=False),
        *_two_times("guest_stays", "stay_id"),
        sa.CheckConstraint("kind in ('LODGING', 'STANDING', 'FOREIGN')", name="guest_stays_kind"),
        sa.CheckConstraint(
            "kind = 'STANDING' or valid_until is not null", name="guest_stays_end_known"
        ),
        sa.CheckConstraint("kind <> 'FOREIGN' or sex is not null", name="guest_stays_foreign_sex"),
        sa.CheckConstraint("nationality ~ '^[A-Z]{3}$'", name="guest_stays_nationality"),
        sa.CheckConstraint("sex in ('M', 'F')", name="guest_stays_sex"),
        sa.CheckConstraint(
            "birth_day is null or birth_month is not null", name="guest_stays_birth_date"
        ),
        sa.CheckConstraint(_CHANNELS, name="guest_stays_channel"),
    )
    op.execute(
        """
        alter table guest_stays add constraint guest_stays_one_a_night
        exclude using gist (guest_index with =, daterange(valid_from, ends_on) with &&)
        where (kind <> 'STANDING' and superseded_at is null)
        """
    )
    _change_once("guest_stays", "particulars_sealed")


def _absences() -> None:
    op.create_table(
        "absences",
        sa.Column("absence_id", sa.Uuid, primary_key=True),
        sa.Column(
            "person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), nullable=False, index=True
        ),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("particulars_sealed", sa.LargeBinary, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        *_two_times("absences", "absence_id"),
        sa.CheckConstraint(
            "ground in ('CONSCRIPTION_AGE', 'LONG_ABSENCE')", name="absences_ground"
        ),
        sa.CheckConstraint(_CHANNELS, name="absences_channel"),
    )
    op.execute(
        """
        alter table absences add constraint absences_one
        exclude using gist (person_id with =, daterange(valid_from, ends_on) with &&)
        where (superseded_at is null)
        """
    )
    _change_once("absences", "particulars_sealed")


def _needs() -> None:
    op.execute("alter table assistance_needs drop constraint assistance_needs_pkey")
    op.rename_table("assistance_needs", "needs_before")
    op.create_table(
        "assistance_needs",
        sa.Column("need_id", sa.Uuid, primary_key=True),
        sa.Column(
            "person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), nullable=False, index=True
        ),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("basis", sa.Text),
        sa.Column("legal_basis", sa.Text, nullable=False, server_default=""),
        sa.Column("proxy_sealed", sa.LargeBinary),
        sa.Column("review_on", sa.Date, nullable=False, index=True),
        *_two_times("assistance_needs", "need_id"),
        sa.CheckConstraint(
            "type in ('MOBILITY', 'SIGHT', 'HEARING', 'INFANT', 'OXYGEN', 'PREGNANCY')",
            name="assistance_needs_type",
        ),
        sa.CheckConstraint("basis in ('CONSENT', 'LAW')", name="assistance_needs_basis"),
        sa.CheckConstraint(
            "coalesce(basis = 'LAW', false) = (legal_basis <> '')",
            name="assistance_needs_legal_basis",
        ),
    )
    op.execute(
        """
        alter table assistance_needs add constraint assistance_needs_one
        exclude using gist (person_id with =, type with =, daterange(valid_from, ends_on) with &&)
        where (superseded_at is null)
        """
    )
    op.execute(
        """
        insert into assistance_needs (need_id, person_id, type, review_on, valid_from, recorded_at)
        select gen_random_uuid(), person_id, type, review_on,
               (recorded_at at time zone 'Asia/Ho_Chi_Minh')::date, recorded_at
        from needs_before join persons using (person_id)
        """
    )
    op.drop_table("needs_before")
    _change_once("assistance_needs", "proxy_sealed")


def _rules() -> None:
    limits = sa.table(
        "legal_limits",
        sa.column("rule", sa.Text),
        sa.column("effective_from", sa.Date),
        sa.column("value", sa.Integer),
        sa.column("unit", sa.Text),
        sa.column("source", sa.Text),
    )
    columns = ("rule", "effective_from", "value", "unit", "source")
    op.bulk_insert(limits, [dict(zip(columns, row, strict=True)) for row in _LIMITS])
    # Who keeps needs must see whose they are; nobody else gets at them by this way.
    op.execute("alter table disclosure_rules drop constraint disclosure_rules_way")
    op.create_check_constraint(
        "disclosure_rules_way", "disclosure_rules", "way in ('LOOKUP', 'BREAK_GLASS', 'REVIEW')"
    )
    op.execute(
        """
        insert into disclosure_rules (purpose, role, way, effective_from, fields, source)
        values ('PUBLIC_SERVICE', 'residence_officer', 'REVIEW', '2026-01-01',
                '{FULL_NAME,BIRTH_YEAR,RESIDENCES,ASSISTANCE}',
                'Law 91/2025/QH15 Art. 3 (accuracy): who keeps needs of assistance asks again [own]')
        """
    )


def _two_times(table: str, key: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Declare what every row of two times has."""
    return (
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("end_recorded_at", _INSTANT),
        sa.Column(
            "ends_on", sa.Date, sa.Computed("coalesce(ended_on, valid_until)", persisted=True)
        ),
        sa.Column("superseded_at", _INSTANT),
        sa.Column("corrects", sa.Uuid, sa.ForeignKey(f"{table}.{key}"), unique=True),
        sa.Column("recorded_by", sa.Text, nullable=False, server_default=""),
        sa.Column("reference", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint("valid_from < valid_until", name=f"{table}_term"),
        sa.CheckConstraint("ended_on between valid_from and valid_until", name=f"{table}_end"),
        sa.CheckConstraint(
            "(ended_on is null) = (end_recorded_at is null)", name=f"{table}_end_recorded"
        ),
    )


def _change_once(table: str, sealed: str) -> None:
    """Let the service end a row and supersede it, each once, seal it under another key, and nothing else."""
    op.execute(f"revoke update, delete on {table} from residency_app")
    op.execute(
        f"grant update (ended_on, end_recorded_at, superseded_at, {sealed}) on {table} to residency_app"
    )
    op.execute(
        f"""
        create trigger {table}_change_once before update on {table}
        for each row execute function refuse_second_change()
        """
    )
