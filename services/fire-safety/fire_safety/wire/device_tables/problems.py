"""What is wrong with a file of devices as a whole."""

from chassis.errors import DomainError
from fire_safety.domain.wording import Wording

_SHOWN = 40


class SheetProblem(Wording):
    """Why a file cannot be used; what it is about follows."""

    EMPTY = ("tệp không có dòng nào", "the file has no rows")
    TOO_LARGE = ("tệp quá lớn; giới hạn", "the file is too large; the limit is")
    TOO_MANY_ROWS = ("quá nhiều dòng; giới hạn", "too many rows; the limit is")
    TOO_WIDE = ("quá nhiều cột", "too many columns")
    NOT_UTF8 = (
        "không phải XLSX hay CSV mã UTF-8; trong Excel, chọn «CSV UTF-8» khi lưu; dòng",
        "neither XLSX nor CSV in UTF-8; in Excel, save it as 'CSV UTF-8'; row",
    )
    BROKEN = ("tệp hỏng hoặc không phải bảng tính", "the file is damaged, or no table")
    PASSWORD = ("tệp có mật khẩu", "the file has a password")
    NO_HEADING = (
        "thiếu cột bắt buộc; dòng 1 phải là tiêu đề cột",
        "a column is missing; row 1 must hold the headings:",
    )
    UNKNOWN_HEADING = ("không biết cột", "there is no column of this name:")
    HEADING_TWICE = ("hai cột cùng nghĩa", "two columns mean the same:")


class DeviceFileInvalidError(DomainError):
    """A file of devices cannot be used; nothing was entered."""

    reason = "DEVICE_FILE_INVALID"

    def __init__(self, problem: SheetProblem, detail: str = "") -> None:
        shown = "".join(one for one in detail if one.isprintable())[:_SHOWN]
        texts = (f"{text} {shown}".rstrip() for text in (problem.vi, problem.en))
        super().__init__(problem=problem.name, detail=shown, explanation=" / ".join(texts))
        self.problem = problem
        self.detail = shown
