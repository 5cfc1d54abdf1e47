"""Figures by which the plan is reviewed: indicators, review periods, entered figures; groups of premises; explosions.

Revision ID: 0020
"""

from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ward.fire_safety.v1 import fire_safety_pb2

revision = "0020"
down_revision = "0019"

APP = "incidents_app"
FIRST = date(2025, 1, 1)
OWN = "[own] the ward's choice; to be confirmed by the ward"
PLAN = "the ward's plan on security and order 2025-2030, targets"
TIMELINE = "incidents: timelines"
CRIME = f"{PLAN}; incidents: reports; Circular 28/2020/TT-BCA: transfer within 24 hours of receipt"
ROAD = f"{PLAN}; incidents: reports; Circular 26/2024/TT-BCA: counts only"

# code, unit, Vietnamese, English, numerator, denominator, at least, at most, source
MEASURED = [
    ("crime_reports_transferred_in_time", "SHARE",
     "Tin báo, tố giác được chuyển đúng hạn", "Crime reports transferred in time",
     "tin báo, tố giác nhận trong kỳ đã chuyển trong hạn",
     "tin báo, tố giác nhận trong kỳ đã chuyển hoặc đã hết hạn", 100, None, CRIME),
    ("deadlines_missed", "SHARE",
     "Thời hạn xử lý tin bị lỡ", "Deadlines of reports that were missed",
     "thời hạn đạt muộn, hoặc đã qua mà chưa đạt",
     "thời hạn đã đạt hoặc đã qua, của tin nhận trong kỳ", None, None, f"incidents: reports; {OWN}"),
    ("fires", "COUNT", "Vụ cháy", "Fires",
     "vụ mở trong kỳ, đã đóng với kết luận là cháy", "", None, None, f"{PLAN}; incidents"),
    ("explosions", "COUNT", "Vụ nổ", "Explosions",
     "vụ mở trong kỳ, loại nổ, đã đóng với kết luận là có thật", "", None, None,
     f"{PLAN}; incidents"),
    ("road_accidents", "COUNT", "Tai nạn giao thông", "Road accidents",
     "vụ mở trong kỳ, trừ vụ không có thật", "", None, None, ROAD),
    ("road_deaths", "COUNT", "Người chết do tai nạn giao thông", "Deaths in road accidents",
     "số lớn nhất mà các tin về mỗi vụ nêu", "", None, None, ROAD),
    ("road_injuries", "COUNT", "Người bị thương do tai nạn giao thông",
     "Persons injured in road accidents",
     "số lớn nhất mà các tin về mỗi vụ nêu", "", None, None, ROAD),
    ("incidents", "COUNT", "Vụ việc", "Incidents",
     "vụ mở trong kỳ, trừ vụ trùng và diễn tập", "", None, None, "incidents"),
    ("acknowledged_late", "SHARE", "Vụ việc tiếp nhận muộn", "Incidents acknowledged late",
     "vụ tiếp nhận muộn, hoặc quá hạn mà chưa ai tiếp nhận",
     "vụ đã tiếp nhận hoặc đã quá hạn của mức ưu tiên", None, None, f"{TIMELINE}; {OWN}"),
    ("time_to_acknowledge", "DURATION", "Thời gian đến khi tiếp nhận", "Time to acknowledge",
     "vụ đã tiếp nhận", "vụ mở trong kỳ", None, None, TIMELINE),
    ("time_to_assign", "DURATION", "Thời gian đến khi giao việc", "Time to assign",
     "vụ đã giao việc hoặc điều động", "vụ mở trong kỳ", None, None, TIMELINE),
    ("time_to_arrive", "DURATION", "Thời gian đến khi có mặt", "Time to arrive",
     "vụ đã có người đến hiện trường", "vụ mở trong kỳ", None, None, TIMELINE),
    ("time_to_close", "DURATION", "Thời gian đến khi kết thúc", "Time to close",
     "vụ đã kết thúc", "vụ mở trong kỳ", None, None, TIMELINE),
    ("false_alarms_by_premises", "SHARE", "Báo động giả theo cơ sở", "False alarms by premises",
     "vụ báo cháy là báo động giả (không do cháy, lỗi, cố ý)",
     "vụ báo cháy đã có kết luận, trừ thử và diễn tập", None, None,
     "incidents: what officers closed fire incidents as"),
    ("false_alarms_by_group", "SHARE", "Báo động giả theo tổ dân phố",
     "False alarms by residential group",
     "vụ báo cháy là báo động giả (không do cháy, lỗi, cố ý)",
     "vụ báo cháy đã có kết luận, trừ thử và diễn tập", None, None,
     "incidents: what officers closed fire incidents as; groups: fire-safety's register"),
]  # fmt: skip
ENTERED = [
    ("criminal_offences", "COMPARED", "Vụ phạm pháp hình sự", "Criminal offences",
     "vụ trong kỳ", "vụ trong cùng kỳ năm trước", None, 90, f"{PLAN}: at least 10 % fewer a year"),
    ("offences_cleared", "SHARE", "Tỷ lệ khám phá án", "Offences cleared",
     "vụ đã khám phá", "vụ đã xảy ra", None, None,
     f"{PLAN}: the city police's target, which is not known [?]"),
    ("self_managed_groups", "SHARE", "Tổ dân phố có mô hình tự quản",
     "Residential groups with a self-management model",
     "tổ dân phố có ít nhất một mô hình hoạt động", "tổ dân phố", 100, None, PLAN),
    ("commitments_signed", "SHARE", "Cơ quan, doanh nghiệp ký cam kết",
     "Agencies and enterprises that signed the commitment",
     "cơ quan, doanh nghiệp đã ký", "cơ quan, doanh nghiệp", 100, None, PLAN),
    ("safe_schools", "SHARE", "Trường học có mô hình an toàn", "Schools with a safety model",
     "trường có mô hình", "trường học", 100, None, PLAN),
    ("safe_medical_facilities", "SHARE", "Cơ sở y tế có mô hình an toàn",
     "Medical facilities with a safety model",
     "cơ sở có mô hình", "cơ sở y tế", 100, None, PLAN),
    ("safe_groups", "SHARE", "Tổ dân phố đạt «An toàn về an ninh, trật tự»",
     "Residential groups that are safe in security and order",
     "tổ dân phố đạt", "tổ dân phố", 100, None, f"{PLAN}: each year"),
    ("online_safety_reached", "SHARE", "Người dân được tuyên truyền an toàn mạng",
     "People told of safety online",
     "người được tuyên truyền", "người dân", 100, None, PLAN),
    ("drug_free_ward", "STATUS", "Phường không ma túy", "Ward without drugs",
     "1 nếu đạt, 0 nếu chưa", "", None, None, f"{PLAN}: before 2030"),
]  # fmt: skip
REVIEWS = [
    ("mid-term-2027", "Sơ kết giữa kỳ 2027", "Mid-term review 2027", date(2027, 12, 31)),
    ("final-2030", "Tổng kết 2030", "Final review 2030", date(2030, 12, 31)),
]
PUBLISHED = ("indicators", "review_periods", "entered_figures")


def upgrade() -> None:
    """Make the tables, enter the first versions, and tell residential groups and explosions apart."""
    _indicators()
    _review_periods()
    op.create_table(
        "entered_figures",
        sa.Column("indicator", sa.Text, primary_key=True),
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("numerator", sa.BigInteger, nullable=False),
        sa.Column("denominator", sa.BigInteger),
        sa.Column("as_of", sa.Date, nullable=False),
        _words("source"),
        _words("entered_by"),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
    )
    for table in PUBLISHED:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table}"
            " for each statement execute function refuse_change()"
        )
        op.execute(f"revoke update, delete on {table} from {APP}")
    for table in ("indicators", "review_periods"):
        op.execute(f"revoke insert on {table} from {APP}")
    _groups_of_premises()
    _explosions()


def _indicators() -> None:
    indicators = op.create_table(
        "indicators",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("entered", sa.Boolean, nullable=False),
        _words("unit"),
        _words("name_vi"),
        _words("name_en"),
        _words("numerator_vi"),
        _words("denominator_vi"),
        sa.Column("at_least_percent", sa.Integer),
        sa.Column("at_most_percent", sa.Integer),
        _words("source"),
    )
    names = [
        column.name
        for column in indicators.columns
        if column.name not in {"effective_from", "position", "entered"}
    ]
    op.bulk_insert(
        indicators,
        [
            {
                **dict(zip(names, row, strict=True)),
                "effective_from": FIRST,
                "position": position,
                "entered": position > len(MEASURED),
            }
            for position, row in enumerate([*MEASURED, *ENTERED], start=1)
        ],
    )


def _review_periods() -> None:
    periods = op.create_table(
        "review_periods",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("effective_from", sa.Date, primary_key=True),
        _words("name_vi"),
        _words("name_en"),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        _words("source"),
    )
    source = "the ward's plan on security and order 2025-2030, phases; first and last day [own]"
    op.bulk_insert(
        periods,
        [
            {
                "code": code,
                "effective_from": FIRST,
                "name_vi": name_vi,
                "name_en": name_en,
                "first_day": FIRST,
                "last_day": last_day,
                "source": source,
            }
            for code, name_vi, name_en, last_day in REVIEWS
        ],
    )


def _groups_of_premises() -> None:
    """Tell of which residential group premises are; 0 is not known."""
    op.add_column(
        "premises",
        sa.Column("residential_group", sa.Integer, nullable=False, server_default="0"),
    )
    op.alter_column("premises", "residential_group", server_default=None)
    connection = op.get_bind()
    known = connection.execute(sa.text("select premises_id, payload from premises")).all()
    for premises_id, payload in known:
        told = fire_safety_pb2.Premises.FromString(payload)
        connection.execute(
            sa.text(
                "update premises set residential_group = :residential_group"
                " where premises_id = :premises_id"
            ),
            {"residential_group": told.residential_group, "premises_id": premises_id},
        )


def _explosions() -> None:
    """Let officers and citizens say that it was an explosion; `fire` stays what may be either."""
    categories = sa.table(
        "categories",
        *(sa.column(name) for name in ("code", "kind", "name_vi", "name_en", "priority")),
        sa.column("effective_from", sa.Date),
        sa.column("reporters", postgresql.ARRAY(sa.Text)),
        *(sa.column(name) for name in ("routed_to", "call_first", "source")),
        *(sa.column(name) for name in ("same_within_m", "same_within_min", "retention_months")),
    )
    op.bulk_insert(
        categories,
        [
            {
                "code": "explosion",
                "effective_from": date(2026, 1, 1),
                "kind": "FIRE",
                "name_vi": "Nổ",
                "name_en": "Explosion",
                "priority": "P1",
                "reporters": ["officer", "citizen"],
                "routed_to": "duty_officer",
                "call_first": "114",
                "same_within_m": 150,
                "same_within_min": 60,
                "retention_months": 24,
                "source": f"{PLAN}: fires and explosions are counted apart; figures [own]",
            }
        ],
    )


def _words(name: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False)
