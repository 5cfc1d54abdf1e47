"""Deadlines of incidents and reports as timers, and their pauses.

Revision ID: 0023
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"

APP = "incidents_app"
FIRST = date(2026, 1, 1)
NEXT_AT = (
    "CASE WHEN ((paused_at IS NOT NULL) OR (stopped_at IS NOT NULL)) THEN NULL::timestamp with time zone"
    " WHEN ((told = 0) AND (soon_at IS NOT NULL)) THEN soon_at"
    " WHEN (told < 2) THEN due_at"
    " ELSE NULL::timestamp with time zone END"
)
RUNNING = "paused_at is null and stopped_at is null"
# kind, unit, amount
WARNINGS = [
    ("ACKNOWLEDGE", "HOURS", 1),
    ("ACKNOWLEDGE", "WORKING_DAYS", 1),
    ("TRANSFER", "HOURS", 4),
    ("ANSWER", "WORKING_DAYS", 1),
]
OWN = "[own] the ward's choice, to be confirmed by the ward"
# As time that is not counted: the law knows it for dossiers and for force majeure, not for feedback [?].
SUPPLEMENT = (
    "[own] after Decree 61/2018/ND-CP Art. 19: the time in which the applicant completes a dossier is not counted;"
    " whether it holds for feedback [?]"
)
OTHER = "[own] after Decree 61/2018/ND-CP Art. 18: opinions of other bodies; whether they stop the term of feedback [?]"
FORCE = "Civil Code 91/2015/QH13 Art. 156: force majeure, by analogy [?]"
# code, Vietnamese, English, source
REASONS = [
    (
        "AWAITING_REPORTER",
        "chờ người phản ánh bổ sung thông tin",
        "waiting for what the reporter is to add",
        SUPPLEMENT,
    ),
    (
        "AWAITING_AUTHORITY",
        "chờ ý kiến của cơ quan khác",
        "waiting for the opinion of another authority",
        OTHER,
    ),
    ("FORCE_MAJEURE", "sự kiện bất khả kháng", "force majeure", FORCE),
]
# Where lives are at stake, of crimes and of tips no clock is ever paused: no row.
PAUSABLE = ("urban_order", "on_scene", "feedback", "petition")

# What is known of each term: the incident that goes on for it, and when what it waits for happened there.
CARRIED = """
    with recursive going_on as (
        select r.report_id, r.received_at, r.category, i.incident_id, i.duplicate_of, i.state, i.ended_at,
            i.acknowledged_at
        from reports r join incidents i on i.incident_id = r.incident_id
        union all
        select g.report_id, g.received_at, g.category, i.incident_id, i.duplicate_of, i.state, i.ended_at,
            least(g.acknowledged_at, i.acknowledged_at)
        from going_on g join incidents i on i.incident_id = g.duplicate_of
    ),
    terms as (
        select d.report_id, d.kind, d.due_at, g.incident_id, g.ended_at,
            (
                select c.unit from category_clocks c
                where c.category = g.category and c.kind = d.kind
                order by c.effective_from > (g.received_at at time zone '+07'::interval)::date, c.effective_from desc
                limit 1
            ) as unit,
            case d.kind
                when 'ACKNOWLEDGE' then g.acknowledged_at
                when 'ANSWER' then case when g.state in ('RESOLVED', 'CLOSED') then g.ended_at end
                else (
                    select min(t.at) from timeline t where t.incident_id = g.incident_id and t.kind = 'transferred'
                )
            end as happened_at,
            g.received_at
        from report_deadlines d join going_on g on g.report_id = d.report_id and g.duplicate_of is null
    )
    insert into deadlines (subject_id, kind, incident_id, report_id, unit, due_at, soon_at, met_at, stopped_at)
    select report_id, kind, incident_id, report_id, unit, due_at,
        case
            when kind = 'ACKNOWLEDGE' and unit = 'HOURS' then due_at - interval '1 hour'
            when kind = 'TRANSFER' and unit = 'HOURS' then due_at - interval '4 hours'
            when unit = 'WORKING_DAYS' then due_at - interval '1 day'
        end,
        met_at, coalesce(met_at, ended_at)
    from (
        select *, case when happened_at is not null then greatest(happened_at, received_at) end as met_at from terms
    ) met
"""
OF_INCIDENTS = """
    insert into deadlines (subject_id, kind, incident_id, unit, due_at)
    select i.incident_id, 'ACKNOWLEDGE', i.incident_id, 'MINUTES',
        i.opened_at + make_interval(secs => p.acknowledge_within_s)
    from incidents i join priorities p on p.priority = i.priority
    where i.state = 'REPORTED' and not i.exercise and p.acknowledge_within_s is not null
        and p.effective_from = (
            select max(q.effective_from) from priorities q
            where q.priority = p.priority and q.effective_from <= current_date
        )
"""


def upgrade() -> None:
    """Make the tables, enter the first rules, and carry over what is owed."""
    _deadlines()
    _pauses()
    _rules()
    op.execute(CARRIED)
    op.execute(OF_INCIDENTS)
    op.drop_table("report_deadlines")


def _deadlines() -> None:
    op.create_table(
        "deadlines",
        sa.Column("subject_id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), nullable=False),
        sa.Column("report_id", sa.Uuid, sa.ForeignKey("reports.report_id")),
        _words("unit"),
        _time("due_at", nullable=False),
        _time("soon_at"),
        _time("paused_at"),
        _time("met_at"),
        _time("stopped_at"),
        sa.Column("told", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_at", sa.DateTime(timezone=True), sa.Computed(NEXT_AT, persisted=True)),
        sa.CheckConstraint(
            "subject_id = coalesce(report_id, incident_id)", name="owed_for_its_subject"
        ),
        sa.CheckConstraint("met_at is null or met_at = stopped_at", name="met_stops"),
        sa.CheckConstraint("paused_at is null or stopped_at is null", name="paused_or_stopped"),
    )
    op.create_index("deadlines_of_incident", "deadlines", ["incident_id"])
    op.create_index("deadlines_of_report", "deadlines", ["report_id"])
    op.create_index(
        "deadlines_running",
        "deadlines",
        ["due_at", "subject_id", "kind"],
        postgresql_where=sa.text(RUNNING),
    )
    op.create_index(
        "deadlines_to_tell",
        "deadlines",
        ["next_at"],
        postgresql_where=sa.text("next_at is not null"),
    )
    op.execute(f"revoke delete on deadlines from {APP}")


def _pauses() -> None:
    op.create_table(
        "clock_pauses",
        sa.Column(
            "incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), primary_key=True
        ),
        sa.Column("sequence", sa.Integer, primary_key=True),
        _words("reason"),
        _time("paused_at", nullable=False),
        _words("account"),
    )
    op.create_table(
        "clock_resumptions",
        sa.Column("incident_id", sa.Uuid, primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        _time("resumed_at", nullable=False),
        _words("account"),
        sa.ForeignKeyConstraint(
            ["incident_id", "sequence"], ["clock_pauses.incident_id", "clock_pauses.sequence"]
        ),
    )
    for table in ("clock_pauses", "clock_resumptions"):
        _forbid_change(table)
        op.execute(f"revoke update, delete on {table} from {APP}")


def _rules() -> None:
    reasons = op.create_table(
        "pause_reasons",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        _words("name_vi"),
        _words("name_en"),
        sa.Column("clocks", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("priorities", postgresql.ARRAY(sa.Text), nullable=False),
        _words("source"),
    )
    op.bulk_insert(
        reasons,
        [
            {
                "category": category,
                "code": code,
                "effective_from": FIRST,
                "name_vi": name_vi,
                "name_en": name_en,
                "clocks": ["ANSWER"],
                "priorities": ["P3", "P4"],
                "source": source,
            }
            for category in PAUSABLE
            for code, name_vi, name_en, source in REASONS
        ],
    )
    warnings = op.create_table(
        "clock_warnings",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("unit", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("amount", sa.Integer),
        _words("source"),
    )
    op.bulk_insert(
        warnings,
        [
            {
                "kind": kind,
                "unit": unit,
                "effective_from": FIRST,
                "amount": amount,
                "source": OWN,
            }
            for kind, unit, amount in WARNINGS
        ],
    )
    for table in ("pause_reasons", "clock_warnings"):
        _forbid_change(table)
        op.execute(f"revoke insert, update, delete on {table} from {APP}")


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _time(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _forbid_change(table: str) -> None:
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table}"
        " for each statement execute function refuse_change()"
    )
