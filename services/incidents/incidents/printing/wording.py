"""What the printed brief calls things, in Vietnamese."""

from collections.abc import Mapping

from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.fire_safety.v1 import modes_pb2, supply_points_pb2
from ward.incidents.v1 import incidents_pb2 as pb
from ward.residency.v1 import residency_pb2 as residency

ALARMS: Mapping[int, str] = {
    fire.ALARM_KIND_SMOKE: "khói",
    fire.ALARM_KIND_HEAT: "nhiệt",
    fire.ALARM_KIND_CO: "khí CO",
    fire.ALARM_KIND_MANUAL_CALL_POINT: "nút ấn báo cháy",
    fire.ALARM_KIND_INTERCONNECT: "thiết bị liên kết",
    fire.ALARM_KIND_PANEL: "tủ trung tâm",
    fire.ALARM_KIND_FAULT: "lỗi thiết bị",
    fire.ALARM_KIND_LOW_BATTERY: "pin yếu",
    fire.ALARM_KIND_TAMPER: "bị tháo hoặc mở",
    fire.ALARM_KIND_SUPERVISION_LOST: "mất kết nối",
    fire.ALARM_KIND_MUTED: "bị tắt còi",
    fire.ALARM_KIND_CONTAMINATION: "buồng đo bẩn",
    fire.ALARM_KIND_END_OF_LIFE: "hết niên hạn",
    fire.ALARM_KIND_TEST_OVERDUE: "quá hạn thử",
    fire.ALARM_KIND_MAINS_FAULT: "mất điện lưới",
    fire.ALARM_KIND_RATE_EXCEEDED: "gửi quá nhiều",
    fire.ALARM_KIND_SYSTEM_STATUS: "tự kiểm tra hệ thống",
}
DISPOSITIONS: Mapping[int, str] = {
    fire.DISPOSITION_NUISANCE: "không do cháy",
    fire.DISPOSITION_FAULT: "lỗi thiết bị",
    fire.DISPOSITION_MALICIOUS: "cố ý",
}
SUSPENSIONS: Mapping[str, str] = {
    "TEMPORARY": "TẠM ĐÌNH CHỈ",
    "FULL": "ĐÌNH CHỈ",
    "SANCTION": "ĐÌNH CHỈ (xử phạt)",
}
MODES: Mapping[int, str] = {
    modes_pb2.DEVICE_MODE_KIND_TEST: "đang thử",
    modes_pb2.DEVICE_MODE_KIND_DISABLED: "bị vô hiệu hóa",
}
# How far a test or disablement reaches, where that is more than a device: what their ids name nobody reads off a page.
SCOPES: Mapping[int, str] = {
    modes_pb2.MODE_SCOPE_ZONE: "một khu vực báo cháy",
    modes_pb2.MODE_SCOPE_PREMISES: "cả cơ sở",
}
SUPPLY_POINTS: Mapping[int, str] = {
    supply_points_pb2.SUPPLY_POINT_KIND_HYDRANT: "Trụ nước",
    supply_points_pb2.SUPPLY_POINT_KIND_WATER_ACCESS: "Bến lấy nước",
    supply_points_pb2.SUPPLY_POINT_KIND_FIRE_POINT: "Điểm chữa cháy",
}
SUPPLY_STATES: Mapping[int, str] = {
    supply_points_pb2.SUPPLY_POINT_STATE_UNSPECIFIED: "chưa rõ tình trạng",
    supply_points_pb2.SUPPLY_POINT_STATE_IN_SERVICE: "dùng được",
    supply_points_pb2.SUPPLY_POINT_STATE_LIMITED: "DÙNG HẠN CHẾ",
    supply_points_pb2.SUPPLY_POINT_STATE_OUT_OF_SERVICE: "KHÔNG DÙNG ĐƯỢC",
}
ASSISTANCE: Mapping[int, str] = {
    residency.ASSISTANCE_TYPE_MOBILITY: "không tự đi được",
    residency.ASSISTANCE_TYPE_SIGHT: "khiếm thị",
    residency.ASSISTANCE_TYPE_HEARING: "khiếm thính",
    residency.ASSISTANCE_TYPE_INFANT: "trẻ phải bế",
    residency.ASSISTANCE_TYPE_OXYGEN: "dùng ô-xy, thiết bị",
    residency.ASSISTANCE_TYPE_PREGNANCY: "mang thai",
}
PRESENCE: Mapping[int, str] = {
    pb.PRESENCE_KIND_REGISTERED: "Đăng ký cư trú",
    pb.PRESENCE_KIND_ABSENT: "Khai báo tạm vắng",
    pb.PRESENCE_KIND_LODGING: "Lưu trú",
    pb.PRESENCE_KIND_FOREIGN: "Người nước ngoài",
    pb.PRESENCE_KIND_STANDING: "Người thân hay đến",
    pb.PRESENCE_KIND_RESIDENTS_PRESENT: "Có thể có trong nhà",
    pb.PRESENCE_KIND_WORKING: "Người làm việc, khách",
    pb.PRESENCE_KIND_TOTAL: "TỔNG CÓ THỂ CÓ MẶT",
}
NOT_REGISTERED = "Chưa biết: sổ cư trú chưa cho biết gì về nơi này."
BOUNDS: Mapping[int, str] = {
    pb.BOUND_UNSPECIFIED: "",
    pb.BOUND_LOWER: " trở lên",
    pb.BOUND_UPPER: " trở xuống",
    pb.BOUND_EITHER: " (ước tính)",
}
PERIODS: Mapping[int, str] = {
    pb.PRESENCE_PERIOD_NIGHT: "ban đêm",
    pb.PRESENCE_PERIOD_DAY: "ban ngày",
}
RELATIONS: Mapping[int, str] = {
    pb.NEIGHBOUR_RELATION_ABOVE: "Tầng trên",
    pb.NEIGHBOUR_RELATION_SAME_BUILDING: "Cùng nhà",
    pb.NEIGHBOUR_RELATION_ADJOINING: "Liền kề",
    pb.NEIGHBOUR_RELATION_SAME_ALLEY: "Cùng ngõ một lối ra",
    pb.NEIGHBOUR_RELATION_MUTUAL_AID: "Tổ liên gia",
}
RECIPIENTS: Mapping[str, str] = {
    "duty_officer": "trực ban",
    "deputy_duty_officer": "phó trực ban",
    "ward_executive": "lãnh đạo UBND phường",
    "premises_contacts": "đầu mối của cơ sở",
    "interlink_group": "tổ liên gia",
    "everyone": "toàn bộ người đang trực",
}
SOURCES: Mapping[str, str] = {"residency": "sổ cư trú", "fire-safety": "sổ PCCC"}


def age(seconds: int) -> str:
    """Say how old something is, in the largest unit that says enough."""
    for unit, name in ((86_400, "ngày"), (3_600, "giờ"), (60, "phút")):
        if seconds >= 2 * unit:
            return f"{seconds // unit} {name} trước"
    return f"{seconds} giây trước"
