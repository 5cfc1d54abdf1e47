"""The words of the demo: Vietnamese for what the contracts call by number."""

from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as incidents
from ward.residency.v1 import residency_pb2 as residency

KINDS = {
    fire.ALARM_KIND_SMOKE: "khói",
    fire.ALARM_KIND_HEAT: "nhiệt",
    fire.ALARM_KIND_FAULT: "hỏng",
    fire.ALARM_KIND_LOW_BATTERY: "pin yếu",
    fire.ALARM_KIND_TAMPER: "bị tháo, mở",
    fire.ALARM_KIND_SUPERVISION_LOST: "mất kết nối",
    fire.ALARM_KIND_CO: "khí CO",
    fire.ALARM_KIND_MANUAL_CALL_POINT: "nút ấn báo cháy",
    fire.ALARM_KIND_INTERCONNECT: "thiết bị liên kết báo động",
    fire.ALARM_KIND_PANEL: "tủ trung tâm báo cháy",
    fire.ALARM_KIND_MUTED: "bị tắt tiếng",
    fire.ALARM_KIND_CONTAMINATION: "buồng khói bẩn",
    fire.ALARM_KIND_END_OF_LIFE: "hết hạn sử dụng",
    fire.ALARM_KIND_TEST_OVERDUE: "quá hạn kiểm tra",
    fire.ALARM_KIND_MAINS_FAULT: "mất điện lưới",
    fire.ALARM_KIND_RATE_EXCEEDED: "gửi quá dày",
}
UNITS = {
    fire.ALARM_KIND_SMOKE: (3, "m⁻¹"),
    fire.ALARM_KIND_HEAT: (1, "°C"),
    fire.ALARM_KIND_CO: (0, "ppm"),
}
NEEDS = {
    residency.ASSISTANCE_TYPE_MOBILITY: "không tự đi được",
    residency.ASSISTANCE_TYPE_SIGHT: "khiếm thị",
    residency.ASSISTANCE_TYPE_HEARING: "khiếm thính",
    residency.ASSISTANCE_TYPE_INFANT: "trẻ phải bế",
    residency.ASSISTANCE_TYPE_OXYGEN: "phụ thuộc máy thở, ô-xy",
    residency.ASSISTANCE_TYPE_PREGNANCY: "thai phụ",
}
PRIORITIES = {incidents.PRIORITY_P1: "P1", incidents.PRIORITY_P2: "P2"}
RECIPIENTS = {
    "duty_officer": "trực ban",
    "deputy_duty_officer": "trực ban phó",
    "ward_executive": "lãnh đạo UBND phường",
    "premises_contacts": "đầu mối của cơ sở",
    "interlink_group": "tổ liên gia",
    "everyone": "toàn bộ người đang trực",
}
# Through what they are told.
CHANNELS = {"console": "màn hình"}


def number(value: float, digits: int) -> str:
    """Write a number as Vietnamese does, with a comma."""
    return f"{value:.{digits}f}".replace(".", ",")


def measured(kind: fire.AlarmKind.ValueType, value: float) -> str:
    """Write a measured value with the unit of the alarm's kind."""
    digits, unit = UNITS.get(kind, (1, ""))
    return f"{number(value, digits)} {unit}".strip()


def ages(bands: residency.AgeBands) -> str:
    """Write the age bands that have people."""
    named = {
        "dưới 6 tuổi": bands.under_6,
        "6-15": bands.from_6_to_15,
        "16-59": bands.from_16_to_59,
        "60-74": bands.from_60_to_74,
        "từ 75": bands.from_75,
    }
    return ", ".join(f"{name}: {count}" for name, count in named.items() if count)


def needs(assistance: list[residency.AssistanceCount]) -> str:
    """Write who needs which help, as counts."""
    return ", ".join(f"{each.count} {NEEDS.get(each.type, 'cần hỗ trợ')}" for each in assistance)


def old(seconds: float) -> str:
    """Write an age in the unit a person would use."""
    for unit, name in ((86_400, "ngày"), (3600, "giờ"), (60, "phút")):
        if seconds >= unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{seconds:.0f} giây"
