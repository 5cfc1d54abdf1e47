"""Who looked up whom, without a name: how much was looked at, refused, odd, and whether the account is whole."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards.panels import board, lines, number
from monitoring.dashboards.words import ANOMALIES, PATTERNS

_UNWITNESSED = (
    'max(ward_access_chain_position{ward="$ward"} - ward_access_witnessed_position{ward="$ward"})'
)


def dashboard() -> Dashboard:
    """Make it."""
    return board(
        "tra-cuu",
        "Ai đã tra cứu ai",
        number(
            "Lượt truy cập dữ liệu cá nhân (24 giờ)",
            'sum(increase(ward_access_records_total{ward="$ward"}[24h]))',
        ),
        number("Bất thường hôm nay", 'sum(ward_access_anomalies{ward="$ward"})', bad_from=1),
        number("Bản ghi chưa được chứng thực", _UNWITNESSED),
        number(
            "Mở danh tính khẩn cấp (24 giờ)",
            'sum(increase(ward_break_glass_total{ward="$ward"}[24h]))',
        ),
        number(
            "Chờ duyệt sau truy cập khẩn cấp",
            'max(ward_break_glass_reviews_pending{ward="$ward"})',
        ),
        number("Quá hạn duyệt", 'max(ward_break_glass_reviews_overdue{ward="$ward"})', bad_from=1),
        lines(
            "Lượt truy cập theo chức năng",
            {
                "{{method}}": "sum by (method)"
                ' (increase(ward_access_records_total{ward="$ward"}[1h]))'
            },
            wide=True,
        ),
        lines(
            "Lượt truy cập theo kết quả",
            {
                "{{outcome}}": "sum by (outcome)"
                ' (increase(ward_access_records_total{ward="$ward"}[1h]))'
            },
        ),
        lines(
            "Bất thường trong ngày theo quy tắc",
            {"{{kind}}": 'sum by (kind) (ward_access_anomalies{ward="$ward"})'},
            words=ANOMALIES,
        ),
        lines(
            "Từ chối vì vượt giới hạn (mỗi giờ)",
            {
                "{{pattern}}": "sum by (pattern)"
                ' (increase(ward_lookups_limited_total{ward="$ward"}[1h]))'
            },
            words=PATTERNS,
        ),
        lines(
            "Người mồi bị tra cứu, vụ vi phạm dữ liệu",
            {
                "người mồi (mỗi giờ)": 'sum(increase(ward_decoys_touched_total{ward="$ward"}[1h]))',
                "vi phạm đang mở": 'max(ward_breaches_open{ward="$ward"})',
                "quá hạn thông báo": 'max(ward_breaches_overdue{ward="$ward"})',
            },
        ),
        since="now-24h",
    )
