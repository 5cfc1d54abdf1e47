"""Whether the path from sensor to officer is inside its objective now, and where time goes."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards.panels import WITH_OUTBOX, board, lines, number
from monitoring.dashboards.words import LANES

# Of the rules in deploy/prometheus/rules/latency.yml.
_OBJECTIVE = 0.995
_CANARY = 'ward_canary_seconds_bucket{ward="$ward"}[$__rate_interval]'
_ROUNDS = 'ward_canary_rounds_total{ward="$ward"}'
_IN_TIME = 'ward_canary_seconds_bucket{ward="$ward", le="1.0"}'
_ALARM = 'ward_alarm_durable_seconds_bucket{ward="$ward"}[$__rate_interval]'


def _quantile(share: float, buckets: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({buckets})))"


def dashboard() -> Dashboard:
    """Make it."""
    return board(
        "duong-bao-dong",
        "Tiếp nhận số đo và độ trễ",
        number(
            "Đạt mục tiêu 1 giây trong 30 ngày (≥ 99,5 %)",
            f"sum(increase({_IN_TIME}[30d])) / sum(increase({_ROUNDS}[30d]))",
            unit="percentunit",
            good_from=_OBJECTIVE,
        ),
        number(
            "Đạt mục tiêu trong một giờ",
            f"sum(increase({_IN_TIME}[1h])) / sum(increase({_ROUNDS}[1h]))",
            unit="percentunit",
            good_from=_OBJECTIVE,
        ),
        number(
            "Tín hiệu kiểm tra bị mất (24 giờ)",
            'sum(increase(ward_canary_rounds_total{ward="$ward", outcome="lost"}[24h]))',
            bad_from=1,
        ),
        lines(
            "Từ cảm biến đến trực ban (tín hiệu kiểm tra)",
            {"p50": _quantile(0.5, _CANARY), "p99": _quantile(0.99, _CANARY)},
            unit="s",
        ),
        lines(
            "Từ máy chủ tin nhắn đến báo động đã lưu",
            {"p50": _quantile(0.5, _ALARM), "p99": _quantile(0.99, _ALARM)},
            unit="s",
        ),
        lines(
            "Số đo mỗi giây",
            {
                "{{lane}}": 'sum by (lane) (rate(ward_readings_total{ward="$ward"}[$__rate_interval]))'
            },
            words=LANES,
        ),
        lines(
            "Bản tin chờ xử lý",
            {"{{lane}}": 'max by (lane) (ward_lane_pending_messages{ward="$ward"})'},
            words=LANES,
        ),
        lines(
            "Sự kiện chờ phát: lâu nhất",
            {"{{job}}": f"max by (job) (ward_outbox_oldest_seconds{{{WITH_OUTBOX}}})"},
            unit="s",
        ),
        lines(
            "Sự kiện chờ xử lý",
            {"{{consumer}}": 'max by (consumer) (ward_consumer_pending_messages{ward="$ward"})'},
        ),
        lines(
            "Số đo trùng và vượt mức (mỗi giờ)",
            {
                "trùng": 'sum(increase(ward_readings_duplicate_total{ward="$ward"}[1h]))',
                "vượt mức": 'sum(increase(ward_readings_surplus_total{ward="$ward"}[1h]))',
            },
        ),
        lines(
            "Bản tin không đọc được (mỗi giờ)",
            {
                "{{consumer}} {{reason}}": "sum by (consumer, reason)"
                ' (increase(ward_dead_letters_total{ward="$ward"}[1h]))'
            },
        ),
    )
