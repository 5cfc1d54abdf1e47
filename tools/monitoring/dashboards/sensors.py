"""Whether all sensors are alive, and what they say."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards.panels import board, lines, number
from monitoring.dashboards.words import (
    ALARM_KINDS,
    SERVERS,
    SIGN_INS,
    SIGNAL_CLASSES,
    SUPPRESSIONS,
)


def dashboard() -> Dashboard:
    """Make it; of what has many kinds those are drawn that were there, without the canary's own."""
    return board(
        "cam-bien",
        "Cảm biến",
        number("Thiết bị được giám sát", 'sum(ward_devices_watched{ward="$ward"})'),
        number("Thiết bị mất kết nối", 'sum(ward_devices_silent{ward="$ward"})', bad_from=1),
        number(
            "Phân vùng có bộ phát hiện (đủ 12)",
            'sum(ward_detector_partitions{ward="$ward"})',
            good_from=12,
        ),
        lines(
            "Báo động đang mở theo lớp",
            {"{{signal_class}}": 'sum by (signal_class) (ward_alarms_open{ward="$ward"})'},
            words=SIGNAL_CLASSES,
        ),
        lines(
            "Báo động mới trong một giờ",
            {
                "{{kind}}": "sum by (kind) (increase("
                'ward_alarms_raised_total{ward="$ward", signal_class!="SYSTEM"}[1h])) > 0'
            },
            words=ALARM_KINDS,
        ),
        lines(
            "Đăng nhập của thiết bị",
            {
                "{{outcome}}": "sum by (outcome)"
                ' (increase(ward_device_sign_ins_total{ward="$ward"}[1h])) > 0'
            },
            words=SIGN_INS,
        ),
        lines(
            "Lệch đồng hồ máy chủ",
            {"{{server}}": 'max by (server) (ward_clock_offset_seconds{ward="$ward"})'},
            words=SERVERS,
            unit="s",
        ),
        lines(
            "Tín hiệu khi thử hoặc tạm tắt",
            {
                "{{why}}: {{kind}}": "sum by (why, kind)"
                ' (increase(ward_signals_suppressed_total{ward="$ward"}[1h])) > 0'
            },
            words={**ALARM_KINDS, **SUPPRESSIONS},
        ),
        lines("Bão báo động (1 = có)", {"bão báo động": 'max(ward_alarm_storm{ward="$ward"})'}),
    )
