"""Incidents, and the figures by which the plan is reviewed: each year, at mid-term in 2027, and at its end in 2030."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards.panels import INCIDENTS, board, lines, listing, number, rows
from monitoring.dashboards.words import (
    ALARM_KINDS,
    ATTEMPTS,
    BASES,
    CHANNELS,
    DEADLINES,
    DISPOSITIONS,
    EFFECTS,
    INCIDENT_KINDS,
    INDICATORS,
    WEBHOOKS,
)

_BY_YEAR = """\
select year as "Năm", kind as "Loại", sum(opened) as "Số vụ", sum(ended) as "Đã kết thúc",
       sum(false_alarms) as "Báo giả", sum(acknowledged) as "Đã tiếp nhận",
       max(median_acknowledge_s) as "Trung vị tiếp nhận (giây)"
  from dashboards.incidents_by_year
 where ward_code = '$ward'
 group by year, kind
 order by year desc, kind"""
# The plan runs from 2025 on.
_UNTIL = """\
select kind as "Loại", sum(opened) as "Số vụ", sum(ended) as "Đã kết thúc", sum(false_alarms) as "Báo giả",
       sum(acknowledged) as "Đã tiếp nhận"
  from dashboards.incidents_by_year
 where ward_code = '$ward' and year between 2025 and LAST
 group by kind
 order by kind"""
# What every replica tells alike, of the present year or month; basis says what was entered by hand.
_NUMBERS = (
    'max by (indicator, part, basis) (ward_indicator_{what}{{ward="$ward", period="{period}"}})'
)
_YEAR = _NUMBERS.format(what="numerator", period="year")
_MONTH = _NUMBERS.format(what="numerator", period="month")
_SHARES = f"{_YEAR} / ({_NUMBERS.format(what='denominator', period='year')} > 0)"
_P95 = (
    "max by (indicator, part, basis)"
    ' (ward_indicator_seconds{ward="$ward", period="year", quantile="0.95"})'
)
_COLUMNS = {"indicator": "Chỉ tiêu", "part": "Thành phần", "basis": "Cách có số liệu"}
_WORDS = {**INDICATORS, **BASES, **INCIDENT_KINDS, **DEADLINES, **EFFECTS}
_MID_TERM, _WHOLE_PLAN = _UNTIL.replace("LAST", "2027"), _UNTIL.replace("LAST", "2030")


def dashboard() -> Dashboard:
    """Make it; of what has many kinds those are drawn that were there."""
    return board(
        "vu-viec",
        "Vụ việc và chỉ tiêu",
        number("Vụ việc đang mở", 'sum(ward_incidents_open{ward="$ward"})'),
        number(
            "Chưa ai tiếp nhận", 'sum(ward_incidents_unacknowledged{ward="$ward"})', bad_from=1
        ),
        number("Quá hạn tiếp nhận", 'sum(ward_incidents_overdue{ward="$ward"})', bad_from=1),
        number("Việc rút kinh nghiệm đang làm", 'max(ward_review_actions_open{ward="$ward"})'),
        number(
            "Việc rút kinh nghiệm quá hạn",
            'max(ward_review_actions_overdue{ward="$ward"})',
            bad_from=1,
        ),
        listing("Chỉ tiêu năm nay", _YEAR, {**_COLUMNS, "Value": "Số"}, words=_WORDS),
        listing("Tỷ lệ năm nay", _SHARES, {**_COLUMNS, "Value": "Phần của mẫu số"}, words=_WORDS),
        listing("Chỉ tiêu tháng này", _MONTH, {**_COLUMNS, "Value": "Số"}, words=_WORDS),
        listing(
            "Thời gian năm nay",
            _P95,
            {**_COLUMNS, "Value": "95 % số vụ trong (giây)"},
            words=_WORDS,
        ),
        rows("Chỉ tiêu theo năm", _BY_YEAR, INCIDENTS, words=INCIDENT_KINDS, wide=True),
        rows("Sơ kết giữa kỳ (2025 đến 2027)", _MID_TERM, INCIDENTS, words=INCIDENT_KINDS),
        rows("Tổng kết (2025 đến 2030)", _WHOLE_PLAN, INCIDENTS, words=INCIDENT_KINDS),
        lines(
            "Vụ việc mới trong một giờ",
            {
                "{{kind}}": 'sum by (kind) (increase(ward_incidents_opened_total{ward="$ward"}[1h]))'
            },
            words=INCIDENT_KINDS,
        ),
        lines(
            "Bước báo tin leo thang trong một giờ",
            {
                "bước {{step}}": 'sum by (step) (increase(ward_escalations_total{ward="$ward"}[1h]))'
            },
        ),
        lines(
            "Tin nhắn cho người trực trong một giờ",
            {
                "{{channel}}: {{outcome}}": "sum by (channel, outcome)"
                ' (increase(ward_notification_attempts_total{ward="$ward"}[1h])) > 0'
            },
            words={**CHANNELS, **ATTEMPTS},
        ),
        lines(
            "Tin cho hệ thống khác (webhook) trong một giờ",
            {
                "{{outcome}}": "sum by (outcome)"
                ' (increase(ward_webhook_deliveries_total{ward="$ward"}[1h]))'
            },
            words=WEBHOOKS,
        ),
        lines(
            "Tin báo quá hạn theo loại thời hạn",
            {"{{kind}}": 'sum by (kind) (ward_report_deadlines_overdue{ward="$ward"})'},
            words=DEADLINES,
        ),
        lines(
            "Kết luận báo động trong 24 giờ",
            {
                "{{kind}}: {{disposition}}": "sum by (kind, disposition)"
                ' (increase(ward_alarms_reset_total{ward="$ward"}[24h])) > 0'
            },
            words={**ALARM_KINDS, **DISPOSITIONS},
        ),
        since="now-7d",
    )
