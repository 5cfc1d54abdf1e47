"""The whole lifecycle of incidents, and the catalogue of their categories.

Revision ID: 0004
"""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

APP = "incidents_app"
KINDS = (
    "FIRE",
    "RESCUE",
    "ROAD_ACCIDENT",
    "URBAN_ORDER",
    "CRIME_REPORT",
    "ANONYMOUS_TIP",
    "SERVICE_REQUEST",
    "FEEDBACK",
    "PETITION",
)
STATES = (
    "REPORTED",
    "ACKNOWLEDGED",
    "TRIAGED",
    "ASSIGNED",
    "DISPATCHED",
    "EN_ROUTE",
    "ON_SCENE",
    "CONTROLLED",
    "RESOLVED",
    "CLOSED",
    "TRANSFERRED",
    "FALSE_ALARM",
    "DUPLICATE",
    "REOPENED",
)
ENDED = "('RESOLVED', 'CLOSED', 'TRANSFERRED', 'FALSE_ALARM', 'DUPLICATE')"
PUBLISHED = ("categories", "category_clocks", "priorities")

FIRST = date(2026, 1, 1)
OWN = "[own] the ward's choice, to be confirmed by the ward"
NUMBERS = (
    "113, 114, 115: Decree 200/2025/ND-CP and Decisions 2023, 2024/QD-TTg of 15/9/2025 keep them"
)
CRIME = (
    "Criminal Procedure Code 2015 Art. 145-147, Circular 28/2020/TT-BCA: every authority receives"
)
SERVICE = (
    "Hai Phong Decision 255/2025/QD-UBND, deadlines not obtained [?];"
    " figures [own] after iHanoi's Decision 1207/QD-UBND"
)
ROAD = "Circular 26/2024/TT-BCA: counts only, no data of drivers; figures [own]"

OFFICER, EVERYBODY = ["officer"], ["officer", "citizen"]
ANYBODY = ["officer", "citizen", "anonymous"]
# code, kind, Vietnamese, English, priority, reporters, routed to, call first, metres, minutes, months, source
CATEGORIES = [
    ("fire_alarm", "FIRE", "Báo cháy tự động", "Automatic fire alarm", "P2",
     [], "duty_officer", "114", 100, 60, 24, OWN),
    ("fire", "FIRE", "Cháy, nổ", "Fire or explosion", "P1",
     EVERYBODY, "duty_officer", "114", 150, 60, 24, NUMBERS),
    ("rescue", "RESCUE", "Cứu nạn, cứu hộ", "Rescue", "P1",
     EVERYBODY, "duty_officer", "114", 150, 60, 24, NUMBERS),
    ("road_accident", "ROAD_ACCIDENT", "Tai nạn giao thông", "Road traffic accident", "P2",
     EVERYBODY, "duty_officer", "115", 200, 60, 24, ROAD),
    ("urban_order", "URBAN_ORDER", "Trật tự đô thị", "Urban order", "P3",
     EVERYBODY, "urban_order_officer", "", 50, 2880, 12, OWN),
    ("crime_information", "CRIME_REPORT", "Tin báo về tội phạm", "Crime information", "P2",
     EVERYBODY, "duty_officer", "113", 100, 1440, 24, CRIME),
    ("crime_denunciation", "CRIME_REPORT", "Tố giác về tội phạm", "Denunciation of a crime", "P2",
     EVERYBODY, "duty_officer", "113", 100, 1440, 24, CRIME),
    ("crime_proposal", "CRIME_REPORT", "Kiến nghị khởi tố", "Proposal to prosecute", "P3",
     OFFICER, "duty_officer", "", 0, 0, 24, CRIME),
    ("anonymous_tip", "ANONYMOUS_TIP", "Tin báo ẩn danh", "Anonymous tip", "P3",
     ["anonymous"], "duty_officer", "113", 100, 1440, 12, OWN),
    ("anti_drug_tip", "ANONYMOUS_TIP", "Tin báo về ma túy", "Tip about drugs", "P3",
     ["anonymous"], "duty_officer", "113", 100, 1440, 12, OWN),
    ("on_scene", "SERVICE_REQUEST", "Phản ánh hiện trường", "On-scene report", "P3",
     EVERYBODY, "reception_officer", "", 50, 2880, 12, SERVICE),
    ("feedback", "FEEDBACK", "Phản ánh", "Feedback", "P4",
     EVERYBODY, "reception_officer", "", 50, 10080, 24, SERVICE),
    ("petition", "PETITION", "Kiến nghị", "Petition", "P4",
     EVERYBODY, "reception_officer", "", 50, 10080, 24, SERVICE),
]  # fmt: skip
TRANSFER = (
    "Joint Circular 01/2017 and Circular 28/2020/TT-BCA: the ward police classify and transfer"
    " within 24 hours of receipt"
)
ANSWER = f"{SERVICE}; Decree 20/2008/ND-CP as amended names no term for the ward"
CLOCKS = [
    ("crime_information", "TRANSFER", 24, "HOURS", TRANSFER),
    ("crime_denunciation", "TRANSFER", 24, "HOURS", TRANSFER),
    ("crime_proposal", "TRANSFER", 24, "HOURS", TRANSFER),
    ("urban_order", "ACKNOWLEDGE", 4, "HOURS", OWN),
    ("urban_order", "ANSWER", 3, "WORKING_DAYS", OWN),
    ("on_scene", "ACKNOWLEDGE", 1, "WORKING_DAYS", SERVICE),
    ("on_scene", "ANSWER", 5, "WORKING_DAYS", ANSWER),
    ("feedback", "ACKNOWLEDGE", 1, "WORKING_DAYS", SERVICE),
    ("feedback", "ANSWER", 10, "WORKING_DAYS", ANSWER),
    ("petition", "ACKNOWLEDGE", 1, "WORKING_DAYS", SERVICE),
    ("petition", "ANSWER", 15, "WORKING_DAYS", ANSWER),
    ("anonymous_tip", "ACKNOWLEDGE", 24, "HOURS", OWN),
    ("anti_drug_tip", "ACKNOWLEDGE", 24, "HOURS", OWN),
]
# The most urgent after the call-processing anchor of NFPA 1221/1225, the second the ward's choice.
PRIORITIES = [
    ("P1", "Nguy hiểm tính mạng", "Threat to life", 60, "NFPA 1221/1225: 90 % within 60 to 64 s"),
    ("P2", "Có khả năng nguy hiểm", "Probable danger", 300, OWN),
    ("P3", "Trật tự công cộng, đô thị", "Public and urban order", None, OWN),
    ("P4", "Phản ánh, kiến nghị", "Feedback and petitions", None, OWN),
]
LADDER = [(0, "duty_officer"), (1, "deputy_duty_officer"), (2, "ward_executive")]
DELAYS = {"P1": 60, "P2": 300}


def upgrade() -> None:
    """Make the tables, widen what there is, and enter the first versions."""
    _incidents()
    _timeline()
    _transfers()
    _catalogue()
    _ladders()


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _incidents() -> None:
    for column, default in (
        (_words("category"), "fire_alarm"),
        (_words("severity"), "UNSPECIFIED"),
        (sa.Column("reopenings", sa.Integer, nullable=False), "0"),
    ):
        column.server_default = sa.DefaultClause(default)
        op.add_column("incidents", column)
        op.alter_column("incidents", column.name, server_default=None)
    op.add_column("incidents", sa.Column("latitude", sa.Double))
    op.add_column("incidents", sa.Column("longitude", sa.Double))
    op.add_column(
        "incidents", sa.Column("duplicate_of", sa.Uuid, sa.ForeignKey("incidents.incident_id"))
    )
    op.add_column("incidents", sa.Column("ended_at", sa.DateTime(timezone=True)))
    op.execute("update incidents set ended_at = closed_at")
    for name, condition in (
        ("kind_is_known", f"kind in ({_listed(KINDS)})"),
        ("priority_is_known", "priority in ('P1', 'P2', 'P3', 'P4')"),
        ("state_is_known", f"state in ({_listed(STATES)})"),
    ):
        op.drop_constraint(name, "incidents")
        op.create_check_constraint(name, "incidents", condition)
    op.create_check_constraint(
        "ended_says_when", "incidents", f"(state in {ENDED}) = (ended_at is not null)"
    )
    op.create_check_constraint(
        "duplicate_says_of_what",
        "incidents",
        "(state = 'DUPLICATE') = (duplicate_of is not null) and duplicate_of <> incident_id",
    )
    op.create_check_constraint(
        "position_is_whole", "incidents", "(latitude is null) = (longitude is null)"
    )
    op.drop_index("one_open_fire_per_place", "incidents")
    op.create_index(
        "one_open_fire_per_place",
        "incidents",
        ["ward_code", "place_key"],
        unique=True,
        postgresql_where=sa.text(f"kind = 'FIRE' and state not in {ENDED}"),
    )
    op.create_index("incidents_of_kind", "incidents", ["kind", "opened_at", "incident_id"])
    op.create_index(
        "duplicates",
        "incidents",
        ["duplicate_of"],
        postgresql_where=sa.text("duplicate_of is not null"),
    )


def _timeline() -> None:
    corrects = sa.Column("corrects", sa.Integer, nullable=False, server_default="0")
    op.add_column("timeline", corrects)
    op.alter_column("timeline", "corrects", server_default=None)


def _transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column(
            "incident_id", sa.Uuid, sa.ForeignKey("incidents.incident_id"), primary_key=True
        ),
        sa.Column("sequence", sa.Integer, primary_key=True),
        _words("authority"),
        _words("channel"),
        sa.Column("transferred_at", sa.DateTime(timezone=True), nullable=False),
        _words("receipt_number"),
        _words("external_reference"),
        _words("account"),
    )
    _forbid_change("transfers")
    op.execute(f"revoke update, delete on transfers from {APP}")


def _catalogue() -> None:
    effective_from = ("effective_from", sa.Date)
    categories = op.create_table(
        "categories",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column(*effective_from, primary_key=True),
        _words("kind"),
        _words("name_vi"),
        _words("name_en"),
        _words("priority"),
        sa.Column("reporters", postgresql.ARRAY(sa.Text), nullable=False),
        _words("routed_to"),
        _words("call_first"),
        sa.Column("same_within_m", sa.Integer, nullable=False),
        sa.Column("same_within_min", sa.Integer, nullable=False),
        sa.Column("retention_months", sa.Integer, nullable=False),
        _words("source"),
    )
    names = [column.name for column in categories.columns if column.name != "effective_from"]
    op.bulk_insert(
        categories,
        [{**dict(zip(names, row, strict=True)), "effective_from": FIRST} for row in CATEGORIES],
    )
    clocks = op.create_table(
        "category_clocks",
        sa.Column("category", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column(*effective_from, primary_key=True),
        sa.Column("amount", sa.Integer, nullable=False),
        _words("unit"),
        _words("source"),
    )
    names = [column.name for column in clocks.columns if column.name != "effective_from"]
    op.bulk_insert(
        clocks,
        [{**dict(zip(names, row, strict=True)), "effective_from": FIRST} for row in CLOCKS],
    )
    priorities = op.create_table(
        "priorities",
        sa.Column("priority", sa.Text, primary_key=True),
        sa.Column(*effective_from, primary_key=True),
        _words("name_vi"),
        _words("name_en"),
        sa.Column("acknowledge_within_s", sa.Integer),
        _words("source"),
    )
    names = [column.name for column in priorities.columns if column.name != "effective_from"]
    op.bulk_insert(
        priorities,
        [{**dict(zip(names, row, strict=True)), "effective_from": FIRST} for row in PRIORITIES],
    )
    op.create_table(
        "decided_days",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("working", sa.Boolean, nullable=False),
        _words("source"),
    )
    for table in PUBLISHED:
        _forbid_change(table)
    for table in (*PUBLISHED, "decided_days"):
        op.execute(f"revoke insert, update, delete on {table} from {APP}")


def _ladders() -> None:
    """Give what is reported the ladders of fires where somebody is woken; else the duty officer is told."""
    policies = sa.table(
        "escalation_policies",
        *(sa.column(name) for name in ("kind", "priority", "step", "delay_s")),
        *(sa.column(name) for name in ("effective_from", "recipient", "channel", "source")),
    )
    rows = [
        {
            "kind": kind,
            "priority": priority,
            "effective_from": datetime(2026, 1, 1, tzinfo=UTC),
            "step": step,
            "delay_s": DELAYS.get(priority, 0) if step else 0,
            "recipient": recipient,
            "channel": "console",
            "source": OWN,
        }
        for kind in KINDS
        for priority in ("P1", "P2", "P3", "P4")
        if kind != "FIRE" or priority not in DELAYS
        for step, recipient in (LADDER if priority in DELAYS else LADDER[:1])
    ]
    op.bulk_insert(policies, rows)


def _forbid_change(table: str) -> None:
    op.execute(
        f"create trigger append_only before update or delete or truncate on {table}"
        " for each statement execute function refuse_change()"
    )
