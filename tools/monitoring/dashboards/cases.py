"""Residence cases: what is open, what is late, and how much was in time and electronic this year."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards.panels import board, lines, number
from monitoring.dashboards.words import CASE_KINDS, REQUEST_KINDS, VERDICTS


def dashboard() -> Dashboard:
    """Make it."""
    return board(
        "ho-so-cu-tru",
        "Hồ sơ cư trú",
        number("Hồ sơ đang giải quyết", 'sum(ward_cases_open{ward="$ward"})'),
        number("Hồ sơ quá hạn", 'sum(ward_cases_overdue{ward="$ward"})', bad_from=1),
        # What is no number yet is none to show, nor is the 0 of services that have no cases.
        number(
            "Giải quyết đúng hạn trong năm",
            'max(ward_cases_decided_in_time_ratio{ward="$ward", job="residency"} >= 0)',
            unit="percentunit",
        ),
        number(
            "Nộp điện tử trong năm",
            'max(ward_cases_electronic_ratio{ward="$ward", job="residency"} >= 0)',
            unit="percentunit",
        ),
        number("Nhu cầu hỗ trợ cần hỏi lại", 'max(ward_assistance_reviews_due{ward="$ward"})'),
        number(
            "Yêu cầu của chủ thể dữ liệu quá hạn",
            'sum(ward_data_subject_requests_overdue{ward="$ward"})',
            bad_from=1,
        ),
        lines(
            "Hồ sơ đang giải quyết theo thủ tục",
            {"{{kind}}": 'sum by (kind) (ward_cases_open{ward="$ward"})'},
            words=CASE_KINDS,
        ),
        lines(
            "Hồ sơ quá hạn theo thủ tục",
            {"{{kind}}": 'sum by (kind) (ward_cases_overdue{ward="$ward"})'},
            words=CASE_KINDS,
        ),
        lines(
            "Trả lời của CSDL quốc gia về dân cư (mỗi giờ)",
            {
                "{{verdict}}": "sum by (verdict)"
                ' (increase(ward_population_answers_total{ward="$ward"}[1h]))'
            },
            words=VERDICTS,
        ),
        lines(
            "Yêu cầu của chủ thể dữ liệu",
            {"{{kind}}": 'sum by (kind) (ward_data_subject_requests_open{ward="$ward"})'},
            words=REQUEST_KINDS,
        ),
        since="now-30d",
    )
