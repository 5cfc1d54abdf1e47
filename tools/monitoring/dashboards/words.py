"""What dashboards call the values of labels and columns, in Vietnamese: officers read them, not the names in code.

Each mapping is a closed set of the services or of the contracts; a test compares them.
"""

from collections.abc import Mapping

Words = Mapping[str, str]

SIGNAL_CLASSES: Words = {
    "ALARM": "báo cháy",
    "SUPERVISORY": "giám sát",
    "TROUBLE": "sự cố thiết bị",
}
ALARM_KINDS: Words = {
    "SMOKE": "khói",
    "HEAT": "nhiệt",
    "CO": "khí CO",
    "MANUAL_CALL_POINT": "nút ấn báo cháy",
    "INTERCONNECT": "thiết bị liên kết",
    "PANEL": "tủ trung tâm",
    "FAULT": "lỗi thiết bị",
    "LOW_BATTERY": "pin yếu",
    "TAMPER": "bị tháo hoặc mở",
    "SUPERVISION_LOST": "mất kết nối",
    "MUTED": "bị tắt còi",
    "CONTAMINATION": "buồng đo bẩn",
    "END_OF_LIFE": "hết niên hạn",
    "TEST_OVERDUE": "quá hạn thử",
    "MAINS_FAULT": "mất điện lưới",
    "RATE_EXCEEDED": "gửi quá nhiều",
    "SYSTEM_STATUS": "tự kiểm tra hệ thống",
}
# How an alarm turned out, beside the kinds above: only what is no kind too.
DISPOSITIONS: Words = {
    "FIRE": "cháy thật",
    "NUISANCE": "không do cháy",
    "TEST": "thử thiết bị",
    "MALICIOUS": "cố ý",
    "DRILL": "diễn tập",
    "UNSPECIFIED": "chưa kết luận",
}
SUPPRESSIONS: Words = {"TEST": "đang thử", "DISABLED": "tạm vô hiệu hóa"}
SIGN_INS: Words = {
    "granted": "được vào",
    "unknown_device": "thiết bị lạ",
    "wrong_secret": "sai mật khẩu",
    "revoked": "đã thu hồi",
    "expired": "hết hạn",
    "retired": "đã thanh lý",
    "other_client_id": "khác mã thiết bị",
    "not_encrypted": "không mã hóa",
    "unavailable": "không ai trả lời",
    "overflow": "quá nhiều cùng lúc",
    "too_late": "đã thôi đợi",
    "malformed": "sai định dạng",
}
SERVERS: Words = {"broker": "máy chủ tin nhắn", "database": "cơ sở dữ liệu"}
LANES: Words = {"detector": "phát hiện", "recorder": "lưu"}
INCIDENT_KINDS: Words = {
    "FIRE": "cháy, nổ",
    "RESCUE": "cứu nạn, cứu hộ",
    "ROAD_ACCIDENT": "tai nạn giao thông",
    "URBAN_ORDER": "trật tự đô thị",
    "CRIME_REPORT": "tin báo, tố giác",
    "ANONYMOUS_TIP": "tin ẩn danh",
    "SERVICE_REQUEST": "phản ánh hiện trường",
    "FEEDBACK": "phản ánh",
    "PETITION": "kiến nghị",
}
DEADLINES: Words = {
    "ACKNOWLEDGE": "tiếp nhận",
    "TRANSFER": "chuyển cơ quan có thẩm quyền",
    "ANSWER": "trả lời",
}
INDICATORS: Words = {
    "crime_reports_transferred_in_time": "Tin báo, tố giác được chuyển đúng hạn",
    "deadlines_missed": "Thời hạn xử lý tin bị lỡ",
    "fires": "Vụ cháy",
    "explosions": "Vụ nổ",
    "road_accidents": "Tai nạn giao thông",
    "road_deaths": "Người chết do tai nạn giao thông",
    "road_injuries": "Người bị thương do tai nạn giao thông",
    "incidents": "Vụ việc",
    "acknowledged_late": "Vụ việc tiếp nhận muộn",
    "time_to_acknowledge": "Thời gian đến khi tiếp nhận",
    "time_to_assign": "Thời gian đến khi giao việc",
    "time_to_arrive": "Thời gian đến khi có mặt",
    "time_to_close": "Thời gian đến khi kết thúc",
    "false_alarms_by_premises": "Báo động giả theo cơ sở",
    "false_alarms_by_group": "Báo động giả theo tổ dân phố",
    "criminal_offences": "Vụ phạm pháp hình sự",
    "offences_cleared": "Tỷ lệ khám phá án",
    "self_managed_groups": "Tổ dân phố có mô hình tự quản",
    "commitments_signed": "Cơ quan, doanh nghiệp ký cam kết",
    "safe_schools": "Trường học có mô hình an toàn",
    "safe_medical_facilities": "Cơ sở y tế có mô hình an toàn",
    "safe_groups": "Tổ dân phố đạt «An toàn về an ninh, trật tự»",
    "online_safety_reached": "Người dân được tuyên truyền an toàn mạng",
    "drug_free_ward": "Phường không ma túy",
}
BASES: Words = {"measured": "đo", "entered": "NHẬP TAY"}
# How bad the effect of an incident was.
EFFECTS: Words = {
    "UNSPECIFIED": "chưa đánh giá",
    "MINOR": "nhẹ",
    "MODERATE": "trung bình",
    "SEVERE": "nghiêm trọng",
    "EXTREME": "đặc biệt nghiêm trọng",
}
CHANNELS: Words = {"EMAIL": "thư điện tử", "SMS": "tin nhắn SMS"}
ATTEMPTS: Words = {
    "TAKEN": "đã nhận",
    "REFUSED": "bị từ chối",
    "UNREACHABLE": "không có cổng gửi hoặc địa chỉ",
}
WEBHOOKS: Words = {"delivered": "đã nhận", "retry": "sẽ gửi lại", "dead": "đã thôi gửi"}
ANOMALIES: Words = {
    "RATE": "tra cứu dồn dập",
    "REFUSALS": "bị từ chối nhiều",
    "MISSES": "nhiều số không có thật",
    "SEQUENCES": "số liên tiếp",
    "NEIGHBOURS": "nhiều người một tòa nhà",
    "OUT_OF_SHIFT": "ngoài giờ làm việc",
}
PATTERNS: Words = {
    "CALLS": "số lượt",
    "PERSONS": "số người",
    "MISSES": "số không có thật",
    "SEQUENCES": "số liên tiếp",
}
CASE_KINDS: Words = {
    "PERMANENT_RESIDENCE": "đăng ký thường trú",
    "TEMPORARY_RESIDENCE": "đăng ký tạm trú",
    "RENEWAL": "gia hạn tạm trú",
    "DEREGISTRATION": "xóa đăng ký",
    "HOUSEHOLD_SPLIT": "tách hộ",
    "CHANGE_OF_INFORMATION": "điều chỉnh thông tin",
    "LODGING": "thông báo lưu trú",
    "TEMPORARY_ABSENCE": "khai báo tạm vắng",
    "FOREIGN_STAY": "tạm trú của người nước ngoài",
}
REQUEST_KINDS: Words = {
    "VIEW": "xem",
    "CORRECT": "chỉnh sửa",
    "RESTRICT": "hạn chế xử lý",
    "OBJECT": "phản đối",
    "WITHDRAW_CONSENT": "rút đồng ý",
    "DELETE": "xóa",
}
VERDICTS: Words = {
    "MATCH": "khớp",
    "MISMATCH": "không khớp",
    "NOT_FOUND": "không có",
    "UNAVAILABLE": "không trả lời",
}
# What becomes of a message besides being done.
OUTCOMES: Words = {"retry": "làm lại", "dead_letter": "loại bỏ"}
CERTIFICATES: Words = {"grpc": "giữa các dịch vụ", "broker": "của máy chủ tin nhắn"}
SEVERITIES: Words = {"page": "gọi ngay", "ticket": "trong ngày", "none": "luôn bật"}
YES_NO: Words = {"true": "rồi", "false": "chưa"}
