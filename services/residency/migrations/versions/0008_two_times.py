"""Two times for every registration, households over time, and what the register knew of persons and places before.

Revision ID: 0008
Revises: 0007
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_INSTANT = sa.DateTime(timezone=True)
_CIRCULAR = "Circular 116/2026/TT-BCA Art. 6"
# Who is what to the householder, in the order of the circular.
_RELATIONSHIPS = (
    ("HOUSEHOLDER", "chủ hộ"),
    ("WIFE", "vợ"),
    ("HUSBAND", "chồng"),
    ("FATHER", "cha đẻ"),
    ("MOTHER", "mẹ đẻ"),
    ("FATHER_OF_WIFE", "cha vợ"),
    ("MOTHER_OF_WIFE", "mẹ vợ"),
    ("FATHER_OF_HUSBAND", "cha chồng"),
    ("MOTHER_OF_HUSBAND", "mẹ chồng"),
    ("ADOPTIVE_FATHER", "cha nuôi"),
    ("ADOPTIVE_MOTHER", "mẹ nuôi"),
    ("STEPFATHER", "cha dượng"),
    ("STEPMOTHER", "mẹ kế"),
    ("CHILD", "con đẻ"),
    ("ADOPTED_CHILD", "con nuôi"),
    ("DAUGHTER_IN_LAW", "con dâu"),
    ("SON_IN_LAW", "con rể"),
    ("STEPCHILD", "con riêng"),
    ("PATERNAL_GRANDFATHER", "ông nội"),
    ("PATERNAL_GRANDMOTHER", "bà nội"),
    ("MATERNAL_GRANDFATHER", "ông ngoại"),
    ("MATERNAL_GRANDMOTHER", "bà ngoại"),
    ("ELDER_BROTHER", "anh"),
    ("ELDER_SISTER", "chị"),
    ("YOUNGER_SIBLING", "em"),
    ("GRANDCHILD_NIECE_NEPHEW", "cháu"),
    ("GREAT_GRANDPARENT", "cụ"),
    ("PARENTS_ELDER_SIBLING", "bác"),
    ("FATHERS_YOUNGER_BROTHER", "chú"),
    ("MOTHERS_BROTHER", "cậu"),
    ("FATHERS_SISTER", "cô"),
    ("MOTHERS_SISTER", "dì"),
    ("GUARDIAN", "người giám hộ"),
    ("PERSON_UNDER_GUARDIANSHIP", "người được giám hộ"),
    ("TENANT", "ở thuê"),
    ("BORROWER", "ở mượn"),
    ("GUEST", "ở nhờ"),
    ("CO_TENANT", "cùng ở thuê"),
    ("CO_BORROWER", "cùng ở mượn"),
    ("CO_GUEST", "cùng ở nhờ"),
)


def upgrade() -> None:
    """Keep what there is, and make room for what was not kept."""
    _rewriting_refused()
    _places()
    _persons()
    _registrations()
    _households()
    _nights()


def _rewriting_refused() -> None:
    op.execute(
        """
        create function refuse_second_change() returns trigger language plpgsql as $$
        begin
            if old.ended_on is not null and new.ended_on is distinct from old.ended_on
               or old.end_recorded_at is not null
                  and new.end_recorded_at is distinct from old.end_recorded_at
               or old.superseded_at is not null
                  and new.superseded_at is distinct from old.superseded_at
            then
                raise exception '% rows are ended once and superseded once', tg_table_name;
            end if;
            return new;
        end
        $$
        """
    )


def _places() -> None:
    op.add_column("buildings", sa.Column("latitude", sa.Double))
    op.add_column("buildings", sa.Column("longitude", sa.Double))
    op.add_column(
        "buildings",
        sa.Column("remote_area", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_check_constraint(
        "buildings_position_whole", "buildings", "(latitude is null) = (longitude is null)"
    )
    op.create_check_constraint(
        "buildings_position",
        "buildings",
        "latitude between -90 and 90 and longitude between -180 and 180",
    )
    op.add_column("dwellings", sa.Column("legal_basis", sa.Text))
    op.create_check_constraint(
        "dwellings_legal_basis",
        "dwellings",
        "legal_basis in ('OWNED', 'RENTED', 'BORROWED', 'DORMITORY')",
    )
    # A night's guests leave at an hour, not with the day, so the timer is an instant. What was published before
    # does not tell absent and lodging people apart: every dwelling is published once more.
    op.drop_column("dwellings", "recount_on")
    op.add_column("dwellings", sa.Column("recount_at", _INSTANT, index=True))
    op.execute("update dwellings set recount_at = now() where occupancy_version > 0")


def _persons() -> None:
    op.add_column(
        "persons", sa.Column("nationality", sa.Text, nullable=False, server_default="VNM")
    )
    op.add_column("persons", sa.Column("phone_sealed", sa.LargeBinary))
    op.add_column("persons", sa.Column("phone_index", sa.LargeBinary, index=True))
    op.add_column("persons", sa.Column("email_sealed", sa.LargeBinary))
    op.create_check_constraint("persons_nationality", "persons", "nationality ~ '^[A-Z]{3}$'")
    op.create_check_constraint(
        "persons_phone", "persons", "(phone_sealed is null) = (phone_index is null)"
    )
    op.create_table(
        "person_corrections",
        sa.Column("correction_id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), nullable=False),
        sa.Column("corrected_at", _INSTANT, nullable=False),
        sa.Column("corrected_by", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("number_sealed", sa.LargeBinary, nullable=False),
        sa.Column("number_index", sa.LargeBinary, nullable=False),
        sa.Column("full_name", sa.Text, nullable=False),
        sa.Column("birth_year", sa.SmallInteger, nullable=False),
        sa.Column("birth_month", sa.SmallInteger),
        sa.Column("birth_day", sa.SmallInteger),
        sa.Column("sex", sa.Text, nullable=False),
        sa.Column("nationality", sa.Text, nullable=False),
        sa.Index("person_corrections_of_person", "person_id", "corrected_at"),
    )
    op.execute("revoke update, delete on person_corrections from residency_app")
    # Numbers are sealed anew when the key changes; nothing else of a row is, not even by the owner.
    op.execute("grant update (number_sealed) on person_corrections to residency_app")
    op.execute(
        """
        create trigger person_corrections_append_only
        before delete or truncate or update of correction_id, person_id, corrected_at, corrected_by,
            reference, number_index, full_name, birth_year, birth_month, birth_day, sex, nationality
        on person_corrections for each statement execute function refuse_change()
        """
    )


def _registrations() -> None:
    op.add_column("registrations", sa.Column("superseded_at", _INSTANT))
    op.add_column(
        "registrations",
        sa.Column(
            "corrects", sa.Uuid, sa.ForeignKey("registrations.registration_id"), unique=True
        ),
    )
    for column in ("recorded_by", "reference"):
        op.add_column(
            "registrations", sa.Column(column, sa.Text, nullable=False, server_default="")
        )
    op.create_index("ix_registrations_person_id", "registrations", ["person_id"])
    op.execute("alter table registrations drop constraint registrations_one_permanent")
    op.execute(
        """
        alter table registrations add constraint registrations_one_permanent
        exclude using gist (person_id with =, daterange(valid_from, ends_on) with &&)
        where (kind = 'PERMANENT' and superseded_at is null)
        """
    )
    _change_once("registrations")


def _households() -> None:
    relationships = op.create_table(
        "household_relationships",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False, unique=True),
        sa.Column("name_vi", sa.Text, nullable=False, unique=True),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.bulk_insert(
        relationships,
        [
            {"code": code, "position": position, "name_vi": name, "source": _CIRCULAR}
            for position, (code, name) in enumerate(_RELATIONSHIPS, start=1)
        ],
    )
    op.execute("revoke insert, update, delete on household_relationships from residency_app")
    _memberships()
    _take_over_memberships()
    op.drop_column("registrations", "relationship_to_householder")
    op.drop_column("households", "householder_id")


def _memberships() -> None:
    op.create_table(
        "household_memberships",
        sa.Column("membership_id", sa.Uuid, primary_key=True),
        sa.Column(
            "household_id",
            sa.Uuid,
            sa.ForeignKey("households.household_id"),
            nullable=False,
            index=True,
        ),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), nullable=False),
        sa.Column(
            "registration_id",
            sa.Uuid,
            sa.ForeignKey("registrations.registration_id"),
            nullable=False,
            index=True,
        ),
        sa.Column(
            "relationship_to_householder",
            sa.Text,
            sa.ForeignKey("household_relationships.code"),
        ),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_until", sa.Date),
        sa.Column("recorded_at", _INSTANT, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.Column("end_recorded_at", _INSTANT),
        sa.Column(
            "ends_on", sa.Date, sa.Computed("coalesce(ended_on, valid_until)", persisted=True)
        ),
        sa.Column("superseded_at", _INSTANT),
        sa.Column(
            "corrects", sa.Uuid, sa.ForeignKey("household_memberships.membership_id"), unique=True
        ),
        sa.Column("recorded_by", sa.Text, nullable=False, server_default=""),
        sa.Column("reference", sa.Text, nullable=False, server_default=""),
        sa.CheckConstraint("valid_from < valid_until", name="household_memberships_term"),
        sa.CheckConstraint(
            "ended_on between valid_from and valid_until", name="household_memberships_end"
        ),
        sa.CheckConstraint(
            "(ended_on is null) = (end_recorded_at is null)",
            name="household_memberships_end_recorded",
        ),
    )
    op.execute(
        """
        alter table household_memberships
        add constraint household_memberships_one
        exclude using gist (person_id with =, daterange(valid_from, ends_on) with &&)
        where (superseded_at is null),
        add constraint household_memberships_one_householder
        exclude using gist (household_id with =, daterange(valid_from, ends_on) with &&)
        where (relationship_to_householder = 'HOUSEHOLDER' and superseded_at is null)
        """
    )
    _change_once("household_memberships")


def _take_over_memberships() -> None:
    """Make a membership of each registration; where a person has two at a time, of the one that began first."""
    op.execute(
        """
        insert into household_memberships (
            membership_id, household_id, person_id, registration_id, relationship_to_householder,
            valid_from, valid_until, recorded_at, ended_on, end_recorded_at)
        select gen_random_uuid(), one.household_id, one.person_id, one.registration_id,
               case when households.householder_id = one.person_id then 'HOUSEHOLDER'
               else nullif(known.code, 'HOUSEHOLDER') end,
               one.valid_from, one.valid_until, one.recorded_at, one.ended_on, one.end_recorded_at
        from registrations one
        join households using (household_id)
        left join household_relationships known
               on known.name_vi = one.relationship_to_householder
        where not exists (
            select from registrations earlier
            where earlier.person_id = one.person_id
              and (earlier.valid_from, earlier.registration_id)
                  < (one.valid_from, one.registration_id)
              and daterange(earlier.valid_from, earlier.ends_on)
                  && daterange(one.valid_from, one.ends_on)
        )
        """
    )


def _nights() -> None:
    limits = sa.table(
        "legal_limits",
        sa.column("rule", sa.Text),
        sa.column("effective_from", sa.Date),
        sa.column("value", sa.Integer),
        sa.column("unit", sa.Text),
        sa.column("source", sa.Text),
    )
    since = dt.date(2021, 7, 1)
    op.bulk_insert(
        limits,
        [
            {
                "rule": "lodging_night_ends",
                "effective_from": since,
                "value": 12,
                "unit": "hour",
                "source": "[own] Guests of a night count until noon of the day they leave.",
            },
            {
                "rule": "lodging_late_deadline",
                "effective_from": since,
                "value": 8,
                "unit": "hour",
                "source": "Law 68/2020/QH14 on Residence, Art. 30(4): who comes after 23:00 is"
                " declared before 08:00 of the next day",
            },
        ],
    )


def _change_once(table: str) -> None:
    """Let the service end a row and supersede it, each once, and nothing else."""
    op.execute(f"revoke update, delete on {table} from residency_app")
    op.execute(
        f"grant update (ended_on, end_recorded_at, superseded_at) on {table} to residency_app"
    )
    op.execute(
        f"""
        create trigger {table}_change_once before update on {table}
        for each row execute function refuse_second_change()
        """
    )
