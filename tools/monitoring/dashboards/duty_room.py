"""What the duty room must see: what burns, where, what nobody has taken on, and whether help is on its way in time."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards.panels import FIRE_SAFETY, board, lines, number, points, rows
from monitoring.dashboards.words import ALARM_KINDS, YES_NO

_WHAT = """\
select raised_at as "Lúc", kind as "Loại", premises as "Cơ sở", zone as "Khu vực", floor as "Tầng",
       acknowledged as "Đã xác nhận\""""
_OPEN = """
  from dashboards.open_alarms
 where ward_code = '$ward'
 order by raised_at desc"""
_LIST, _MAP = _WHAT + _OPEN, f"{_WHAT}, latitude, longitude{_OPEN}"
_WORDS = {**ALARM_KINDS, **YES_NO}


def dashboard() -> Dashboard:
    """Make it."""
    return board(
        "truc-ban",
        "Trực ban",
        number(
            "Báo cháy đang mở",
            'sum(ward_alarms_open{ward="$ward", signal_class="ALARM"})',
            bad_from=1,
        ),
        number(
            "Báo cháy chưa xác nhận",
            'sum(ward_alarms_unacknowledged{ward="$ward", signal_class="ALARM"})',
            bad_from=1,
        ),
        number(
            "Chờ xác nhận lâu nhất",
            'max(ward_alarm_waiting_seconds{ward="$ward", signal_class="ALARM"})',
            unit="s",
            bad_from=60,
        ),
        number("Vụ việc đang mở", 'sum(ward_incidents_open{ward="$ward"})'),
        number(
            "Vụ việc quá hạn tiếp nhận", 'sum(ward_incidents_overdue{ward="$ward"})', bad_from=1
        ),
        number(
            "Tin báo quá hạn xử lý",
            'sum(ward_report_deadlines_overdue{ward="$ward"})',
            bad_from=1,
        ),
        points("Bản đồ báo cháy", _MAP, FIRE_SAFETY, _WORDS),
        rows("Báo cháy đang mở", _LIST, FIRE_SAFETY, words=_WORDS, wide=True),
        lines(
            "Vụ việc theo mức ưu tiên",
            {"{{priority}}": 'sum by (priority) (ward_incidents_open{ward="$ward"})'},
        ),
        lines(
            "Độ trễ của bước leo thang (p99)",
            {
                "p99": "histogram_quantile(0.99, sum by (le)"
                ' (rate(ward_escalation_delay_seconds_bucket{ward="$ward"}[$__rate_interval])))'
            },
            unit="s",
        ),
    )
