"""The sentences of the timeline, Vietnamese. They name functions, devices and places, never residents."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from incidents.domain.incidents.alarms import Alarm
from incidents.domain.places import spots
from incidents.domain.rules.escalation import Notification, Timer
from incidents.domain.rules.priorities import Priority

_KINDS: Mapping[str, str] = {
    "SMOKE": "báo động khói",
    "HEAT": "báo động nhiệt",
    "CO": "báo động khí CO",
    "MANUAL_CALL_POINT": "nút ấn báo cháy được ấn",
    "INTERCONNECT": "báo động từ thiết bị liên kết",
    "PANEL": "báo cháy từ tủ trung tâm",
}
_RECIPIENTS: Mapping[str, str] = {
    "duty_officer": "trực ban",
    "deputy_duty_officer": "phó trực ban",
    "fire_officer": "cán bộ PCCC",
    "responder": "lực lượng tại chỗ",
    "ward_executive": "lãnh đạo UBND phường",
    "everyone": "toàn bộ người đang trực",
    "premises_contacts": "đầu mối của cơ sở",
    "interlink_group": "tổ liên gia",
    "urban_order_officer": "cán bộ trật tự đô thị",
    "reception_officer": "cán bộ tiếp nhận",
}
_CHANNELS: Mapping[str, str] = {"console": "màn hình trực ban"}
_DISPOSITIONS: Mapping[str, str] = {
    "FIRE": "cháy",
    "NUISANCE": "báo động không do cháy (nấu ăn, hơi nước, bụi)",
    "TEST": "thử thiết bị",
    "FAULT": "lỗi thiết bị",
    "MALICIOUS": "cố ý gây báo động",
    "DRILL": "diễn tập",
    "HANDLED": "đã xử lý",
    "UNFOUNDED": "không xác minh được nội dung",
    "NOT_COMPETENT": "không thuộc thẩm quyền, đã chuyển hướng",
    "WITHDRAWN": "người phản ánh đã rút",
}
_SEVERITIES: Mapping[str, str] = {
    "UNSPECIFIED": "chưa đánh giá",
    "MINOR": "nhẹ",
    "MODERATE": "trung bình",
    "SEVERE": "nghiêm trọng",
    "EXTREME": "đặc biệt nghiêm trọng",
}
_ADVANCES: Mapping[str, str] = {
    "SET_OUT": "Lực lượng đang trên đường.",
    "ARRIVE": "Lực lượng đã có mặt tại hiện trường.",
    "CONTROL": "Đã khống chế.",
    "RESOLVE": "Đã giải quyết xong, chờ đóng.",
    "DISMISS": "Báo động giả: không có sự việc.",
}
_HANDOVERS: Mapping[str, str] = {
    "OFFERING": "Đề nghị chuyển Trung tâm 114.",
    "OFFERED": "Trung tâm 114 đã nhận đề nghị.",
    "ACCEPTED": "Trung tâm 114 nhận vụ việc.",
    "REJECTED": "Trung tâm 114 không nhận vụ việc.",
    "ON_SCENE": "Lực lượng của Trung tâm 114 đã có mặt tại hiện trường.",
    "DISPOSED": "Trung tâm 114 báo đã xử lý xong.",
}
_CLOCKS: Mapping[str, str] = {
    "ACKNOWLEDGE": "tiếp nhận",
    "TRANSFER": "chuyển cơ quan có thẩm quyền",
    "ANSWER": "trả lời",
}
_WARNINGS: Mapping[str, str] = {"ALERT": "Phát", "UPDATE": "Cập nhật", "CANCEL": "Hủy"}
_ACTION_ENDS: Mapping[str, str] = {"DONE": "đã xong", "DROPPED": "được bỏ"}
# What whoever reported is told of each state.
_STANDINGS: Mapping[str, str] = {
    "REPORTED": "Đã nhận, chờ tiếp nhận xử lý.",
    "ACKNOWLEDGED": "Đã tiếp nhận xử lý.",
    "TRIAGED": "Đã tiếp nhận, đã phân loại.",
    "ASSIGNED": "Đã giao người xử lý.",
    "DISPATCHED": "Đã cử lực lượng.",
    "EN_ROUTE": "Lực lượng đang đến.",
    "ON_SCENE": "Lực lượng đang xử lý tại chỗ.",
    "CONTROLLED": "Đã khống chế, đang xử lý tiếp.",
    "RESOLVED": "Đã xử lý xong.",
    "CLOSED": "Đã xử lý xong và kết thúc.",
    "TRANSFERRED": "Đã chuyển cơ quan có thẩm quyền.",
    "FALSE_ALARM": "Đã kiểm tra, không có sự việc.",
    "DUPLICATE": "Đã gộp với tin trước.",
    "REOPENED": "Đang xử lý lại.",
}


def standing(state: str) -> str:
    """Say where an incident stands to whoever reported it."""
    return _STANDINGS[state]


def function(recipient: str) -> str:
    """Name a function of the ward."""
    return _RECIPIENTS.get(recipient, recipient)


_TASK_ACTS: Mapping[str, str] = {
    "ACCEPT": "nhận nhiệm vụ.",
    "DECLINE": "không nhận nhiệm vụ.",
    "SET_OUT": "đang trên đường.",
    "ARRIVE": "đã có mặt tại hiện trường.",
    "FINISH": "đã hoàn thành nhiệm vụ.",
}


def opened(alarm: Alarm, priority: Priority) -> str:
    """Say why the incident exists."""
    return f"Mở vụ việc mức {priority}: {_signal(alarm)}."


def exercise_at(place: str) -> str:
    """Name the place of an exercise so that nobody takes it for real."""
    return f"[DIỄN TẬP] {place}"


def exercise_begun(scenario: str) -> str:
    """Say that nothing happened, and what is assumed."""
    return f"Bắt đầu diễn tập, không phải sự việc thật. Tình huống giả định: {scenario}"


def alarm_joined(alarm: Alarm, priority: Priority, *, raised: bool) -> str:
    """Say that a further alarm belongs to it."""
    grade = f" Nâng mức ưu tiên lên {priority}." if raised else ""
    return f"Thêm {_signal(alarm)}.{grade}"


def alarm_again(alarm: Alarm) -> str:
    """Say that a detector which was back to normal signals again."""
    return f"Lại có {_signal(alarm)}."


def notified(notifications: Sequence[Notification]) -> str:
    """Say who was told first."""
    told = ", ".join(_recipient(one.recipient) for one in notifications)
    return f"Đã báo {told} qua {_channel(notifications[0].channel)}."


def escalated(timer: Timer) -> str:
    """Say who was told next."""
    recipients = ", ".join(_recipient(one) for one in timer.recipients)
    told = f"đã báo {recipients} qua {_channel(timer.channel)}"
    return f"Chưa ai tiếp nhận: {told} (bước {timer.step})."


def acknowledged() -> str:
    """Say that somebody has taken it on."""
    return "Đã tiếp nhận vụ việc."


def assigned(assignee: str, task: str) -> str:
    """Say who has what to do."""
    return f"Giao cho {assignee}: {task}" if task else f"Giao cho {assignee}."


def restored(alarm: Alarm, *, still_open: bool) -> str:
    """Say of which alarm a detector is back to normal, and of an open incident that this ends nothing."""
    ends_nothing = "; vụ việc vẫn mở đến khi có người đóng" if still_open else ""
    what = f"{_kind(alarm)}{_where(alarm)}"
    return f"Thiết bị {alarm.device_id} đã trở lại bình thường ({what}){ends_nothing}."


def glass_broken(until: datetime) -> str:
    """Say that names of occupants were disclosed; `until` is in the ward's time."""
    return f"Đã mở danh sách người trong nhà (truy cập khẩn cấp, đến {until:%H:%M %d/%m/%Y}), chờ rà soát."


def closed(disposition: str, note: str) -> str:
    """Say what it turned out to be."""
    return f"Đóng vụ việc: {_DISPOSITIONS[disposition]}.{_remark(note)}"


def triaged(category: str, priority: Priority, severity: str, note: str) -> str:
    """Say how it was judged; without a category that stays as it was."""
    named = f" Loại: {category}." if category else ""
    grade = f"Phân loại: mức ưu tiên {priority}, mức độ {_SEVERITIES[severity]}."
    return f"{grade}{named}{_remark(note)}"


def dispatched(assignee: str, task: str) -> str:
    """Say who was sent to do what."""
    return f"Điều động {assignee}: {task}" if task else f"Điều động {assignee}."


def advanced(act: str, note: str) -> str:
    """Say how far it is."""
    return f"{_ADVANCES[act]}{_remark(note)}"


def transferred(to: str, reference: str) -> str:
    """Say to whom it went, and under which number it goes on there."""
    return f"Đã chuyển {to}, số {reference}." if reference else f"Đã chuyển {to}."


def merged(into: str, reason: str) -> str:
    """Say which incident goes on in its place."""
    return f"Trùng với vụ việc {into}, nhập vào đó.{_remark(reason)}"


def absorbed(duplicate: str, priority: Priority) -> str:
    """Say which incident was found to be the same."""
    return f"Nhập vụ việc trùng {duplicate}; mức ưu tiên {priority}."


def released(duplicate: str) -> str:
    """Say which incident was found not to be the same after all."""
    return f"Vụ việc {duplicate} không còn là vụ trùng: đã tách ra."


def separated(reason: str) -> str:
    """Say that a merge was taken back."""
    return f"Tách lại thành vụ việc riêng.{_remark(reason)}"


def reopened(reason: str) -> str:
    """Say that it had not ended."""
    return f"Mở lại vụ việc.{_remark(reason)}"


def noted(text: str, corrects: int) -> str:
    """Say what was added, or what is wrong with an entry."""
    return f"Đính chính mục {corrects}: {text}" if corrects else text


def task_given(owner: str, task: str, due_at: datetime) -> str:
    """Say who has what to do by when; `due_at` is in the ward's time."""
    return f"Giao cho {owner}: {task} (hạn {due_at:%H:%M %d/%m/%Y})."


def task_moved(owner: str, act: str, note: str) -> str:
    """Say how far a task is."""
    return f"{owner}: {_TASK_ACTS[act]}{_remark(note)}"


def reported(category: str, number: str, priority: Priority) -> str:
    """Say by which report it was opened."""
    return f"Mở vụ việc mức {priority}: {category}, tin {number}."


def report_joined(number: str) -> str:
    """Say which report belongs to it."""
    return f"Thêm tin {number}."


def attached(media_type: str, size: int, report_number: str) -> str:
    """Say that a photo or file was added, and nothing of what is in it; `size` in bytes."""
    what = "ảnh" if media_type.startswith("image/") else "tệp"
    whose = f" của tin {report_number}" if report_number else ""
    return f"Nhận {what} đính kèm{whose} ({media_type}, {max(1, round(size / 1024))} KB)."


def report_left(numbers: str, into: str, reason: str) -> str:
    """Say which reports were taken out."""
    return f"Tách tin {numbers} sang vụ việc {into}.{_remark(reason)}"


def split_off(numbers: str, source: str) -> str:
    """Say from where its reports come."""
    return f"Mở vụ việc từ tin {numbers}, tách khỏi vụ việc {source}."


def paused(reason: str, note: str) -> str:
    """Say why the clocks stand still."""
    return f"Tạm dừng thời hạn: {reason}.{_remark(note)}"


def resumed(note: str) -> str:
    """Say that the clocks run on."""
    return f"Thời hạn tiếp tục được tính.{_remark(note)}"


def deadline(clock: str, report_number: str, due_at: datetime, *, breached: bool) -> str:
    """Say that something must be done soon, or should have been."""
    how = "Quá hạn" if breached else "Sắp đến hạn"
    of = f" tin {report_number}" if report_number else ""
    return f"{how} {_CLOCKS[clock]}{of}: {due_at:%H:%M %d/%m/%Y}."


def warned(number: str, message_type: str) -> str:
    """Say what the public was told."""
    return f"{_WARNINGS[message_type]} cảnh báo công cộng {number}."


def handed_over(state: str, reference: str, remark: str) -> str:
    """Say how far handing over to the city's centre is."""
    number = f" Số của Trung tâm: {reference}." if reference else ""
    return f"{_HANDOVERS[state]}{number}{_remark(remark)}"


def reviewed(revision: int) -> str:
    """Say that what is to be learnt was written down."""
    return "Đã rút kinh nghiệm." if revision == 1 else f"Sửa bản rút kinh nghiệm (lần {revision})."


def action_given(owner: str, action: str, due_on: date) -> str:
    """Say who does what by when after a review."""
    return f"Rút kinh nghiệm: giao {owner}: {action} (hạn {due_on:%d/%m/%Y})."


def action_ended(owner: str, state: str, result: str) -> str:
    """Say what came of it."""
    return f"Việc rút kinh nghiệm của {owner} {_ACTION_ENDS[state]}.{_remark(result)}"


def action_due(owner: str, due_on: date, *, overdue: bool) -> str:
    """Say that it is due soon, or overdue."""
    how = "đã quá hạn" if overdue else "sắp đến hạn"
    return f"Việc rút kinh nghiệm của {owner} {how} {due_on:%d/%m/%Y}."


def advice(call_first: str) -> str:
    """Say what whoever reports does now."""
    if not call_first:
        return "Đã nhận tin. Hãy giữ số biên nhận và mã theo dõi."
    return f"Nếu sự việc đang diễn ra, hãy gọi ngay {call_first} trước khi làm việc khác."


def _remark(note: str) -> str:
    return f" Ghi chú: {note}" if note else ""


def _signal(alarm: Alarm) -> str:
    return f"{_kind(alarm)}{_where(alarm)} (thiết bị {alarm.device_id}{_unknown(alarm)})"


def _kind(alarm: Alarm) -> str:
    return _KINDS.get(alarm.kind, "báo động cháy")


def _unknown(alarm: Alarm) -> str:
    if not alarm.device_known:
        return " chưa có trong sổ đăng ký"
    return "" if alarm.place_known else " chưa ghi vị trí lắp đặt"


def _where(alarm: Alarm) -> str:
    told = spots(alarm.zone_name, alarm.floor)
    return f" tại {', '.join(told)}" if told else ""


def _recipient(function: str) -> str:
    return _RECIPIENTS.get(function, function)


def _channel(channel: str) -> str:
    return _CHANNELS.get(channel, channel)
