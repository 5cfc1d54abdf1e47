"""What everything stands on: each service by rate, errors and duration, and what it needs."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards.panels import WITH_OUTBOX, board, lines, listing, number
from monitoring.dashboards.words import CERTIFICATES, OUTCOMES, SEVERITIES
from monitoring.rules import summaries

_RPC = 'ward_grpc_handling_seconds_count{ward="$ward"}[$__rate_interval]'
_OWN_FAULT = (
    'ward_grpc_handling_seconds_count{ward="$ward",'
    ' code=~"INTERNAL|UNKNOWN|UNAVAILABLE|DATA_LOSS|DEADLINE_EXCEEDED"}[$__rate_interval]'
)
_HTTP = 'ward_http_handling_seconds_count{ward="$ward"}[$__rate_interval]'


def dashboard() -> Dashboard:
    """Make it."""
    return board(
        "nen-tang",
        "Nền tảng",
        number("Dịch vụ trả lời", 'sum(up{ward="$ward"})'),
        number("Dịch vụ không trả lời", 'sum(1 - up{ward="$ward"})', bad_from=1),
        number("Phần chưa sẵn sàng", 'sum(1 - ward_ready{ward="$ward"})', bad_from=1),
        lines("gRPC: lượt gọi mỗi giây", {"{{job}}": f"sum by (job) (rate({_RPC}))"}),
        lines(
            "gRPC: lỗi của dịch vụ mỗi giây",
            {"{{job}} {{code}}": f"sum by (job, code) (rate({_OWN_FAULT}))"},
        ),
        lines(
            "gRPC: thời gian (p99)",
            {
                "{{job}} {{method}}": "histogram_quantile(0.99, sum by (job, method, le)"
                ' (rate(ward_grpc_handling_seconds_bucket{ward="$ward",'
                ' method!~"Watch.*"}[$__rate_interval])))'
            },
            unit="s",
        ),
        lines(
            "HTTP: lượt gọi mỗi giây",
            {"{{route}} {{status}}": f"sum by (route, status) (rate({_HTTP}))"},
        ),
        lines(
            "HTTP: thời gian (p99)",
            {
                "{{route}}": "histogram_quantile(0.99, sum by (route, le)"
                ' (rate(ward_http_handling_seconds_bucket{ward="$ward",'
                ' route!~".*:watch"}[$__rate_interval])))'
            },
            unit="s",
        ),
        lines(
            "Luồng sự kiện đang mở",
            {"{{route}}": 'sum by (route) (ward_http_event_streams{ward="$ward"})'},
        ),
        lines(
            "Sự kiện: đã phát mỗi giây",
            {
                "{{subject}}": "sum by (subject)"
                ' (rate(ward_events_published_total{ward="$ward"}[$__rate_interval]))'
            },
        ),
        lines(
            "Sự kiện: phát không được mỗi giây",
            {
                "{{subject}}": "sum by (subject)"
                ' (rate(ward_event_publish_failures_total{ward="$ward"}[$__rate_interval]))'
            },
        ),
        lines(
            "Sự kiện: thời gian phát (p99)",
            {
                "{{subject}}": "histogram_quantile(0.99, sum by (subject, le)"
                ' (rate(ward_event_publish_seconds_bucket{ward="$ward"}[$__rate_interval])))'
            },
            unit="s",
        ),
        lines(
            "Bản tin: đã nhận mỗi giây",
            {
                "{{consumer}} {{subject}}": "sum by (consumer, subject)"
                ' (rate(ward_messages_total{ward="$ward", outcome="done"}[$__rate_interval]))'
            },
        ),
        lines(
            "Bản tin: làm lại và loại bỏ mỗi giây",
            {
                "{{consumer}} {{subject}}: {{outcome}}": "sum by (consumer, subject, outcome)"
                ' (rate(ward_messages_total{ward="$ward", outcome!="done"}[$__rate_interval]))'
            },
            words=OUTCOMES,
        ),
        lines(
            "Bản tin: thời gian xử lý (p99)",
            {
                "{{consumer}} {{subject}}": "histogram_quantile(0.99, sum by (consumer, subject, le)"
                ' (rate(ward_message_handling_seconds_bucket{ward="$ward"}[$__rate_interval])))'
            },
            unit="s",
        ),
        lines(
            "Sự kiện bị từ chối, đang giữ",
            {"{{job}}": f"max by (job) (ward_outbox_parked{{{WITH_OUTBOX}}})"},
        ),
        lines(
            "Bộ nhớ",
            {"{{job}}": 'sum by (job) (process_resident_memory_bytes{ward="$ward"})'},
            unit="bytes",
        ),
        lines(
            "Bộ xử lý (số lõi)",
            {
                "{{job}}": 'sum by (job) (rate(process_cpu_seconds_total{ward="$ward"}[$__rate_interval]))'
            },
        ),
        listing(
            "Phần của dịch vụ",
            'min by (job, part) (ward_ready{ward="$ward"})',
            {"job": "Dịch vụ", "part": "Phần", "Value": "Trạng thái"},
            words={"1": "sẵn sàng", "0": "CHƯA SẴN SÀNG"},
        ),
        lines(
            "Chứng thư và mã truy cập còn bao lâu",
            {
                "{{job}}: chứng thư {{use}}": "min by (job, use)"
                ' (ward_certificate_expires_timestamp_seconds{ward="$ward"}) - time()',
                "{{job}}: mã truy cập": "min by (job)"
                ' (ward_service_token_expires_timestamp_seconds{ward="$ward"}) - time()',
            },
            unit="s",
            words=CERTIFICATES,
        ),
        listing(
            "Cảnh báo đang bật",
            'sum by (alertname, severity) (ALERTS{alertstate="firing", ward=~"$ward|"})',
            {"alertname": "Cảnh báo", "severity": "Mức độ"},
            words={**summaries(), **SEVERITIES},
        ),
    )
