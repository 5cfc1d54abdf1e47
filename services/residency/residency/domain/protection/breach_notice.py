"""The notice of a breach to the specialised authority, in plain Vietnamese; it names the ward's functions and nobody.

Which form the authority prescribes is not known [?]: the contents are those that Law 91/2025/QH15 Art. 23 lets expect.
"""

from collections.abc import Mapping
from datetime import datetime

from chassis.clock import ward_local
from residency.domain.protection.breaches import BreachAct, BreachNature, DataCategory, WholeBreach

_CATEGORIES: Mapping[DataCategory, str] = {
    DataCategory.ID_NUMBER: "số định danh cá nhân",
    DataCategory.NAME: "họ và tên",
    DataCategory.BIRTH: "ngày sinh, giới tính",
    DataCategory.RESIDENCE: "nơi cư trú",
    DataCategory.CONTACT: "số điện thoại, thư điện tử",
    DataCategory.FAMILY: "quan hệ gia đình",
    DataCategory.HEALTH: "nhu cầu hỗ trợ (liên quan sức khỏe, dữ liệu nhạy cảm)",
    DataCategory.CASE_FILE: "nội dung hồ sơ",
}
_UNKNOWN = "chưa xác định"
_NO_MEASURE = "chưa có"


def notice_of(found: WholeBreach) -> str:
    """Write the notice from what is known; empty while the breach is only suspected."""
    breach = found.breach
    if breach.nature is None:
        return ""
    measures = [entry.note for entry in found.history if entry.act is BreachAct.MEASURE]
    lines = [
        "THÔNG BÁO VI PHẠM QUY ĐỊNH VỀ BẢO VỆ DỮ LIỆU CÁ NHÂN",
        "Kính gửi: Cục An ninh mạng và phòng, chống tội phạm sử dụng công nghệ cao (A05), Bộ Công an",
        f"Số: {breach.breach_number}",
        f"Phường (mã đơn vị hành chính): {breach.ward_code}",
        f"Thời điểm phát hiện: {_written(breach.found_at)}",
        f"Phát hiện bởi: {breach.found_by}",
        f"Hạn thông báo: {_written(breach.notify_by)}",
        *_nature(breach.nature),
        "Biện pháp đã thực hiện:",
        *([f"- {measure}" for measure in measures] or [f"- {_NO_MEASURE}"]),
    ]
    return "\n".join(lines)


def _nature(nature: BreachNature) -> list[str]:
    categories = "; ".join(_CATEGORIES[category] for category in nature.categories)
    return [
        f"Nội dung vi phạm: {nature.description}",
        f"Loại dữ liệu: {categories}",
        f"Số chủ thể dữ liệu bị ảnh hưởng (ước tính): {nature.persons or _UNKNOWN}",
        f"Số bản ghi (ước tính): {nature.records or _UNKNOWN}",
        f"Hậu quả có thể xảy ra: {nature.consequences}",
    ]


def _written(moment: datetime) -> str:
    return f"{ward_local(moment):%H:%M ngày %d/%m/%Y}"
