"""What stops the demo, in one sentence each."""

from stack.errors import StackError


class NotRunningError(StackError):
    """The platform does not answer."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Hệ thống không trả lời ở {address}: hãy chạy `make up` ở cửa sổ lệnh khác rồi thử lại.",
            f"Nothing answers at {address}: run `make up` in another terminal, then try again.",
        )


class NoPremisesError(StackError):
    """The register has no premises with enough detectors."""

    def __init__(self) -> None:
        super().__init__(
            "Chưa có cơ sở CS-0001 với sáu đầu báo: hãy chạy `make reset`, rồi `make up`.",
            "There is no premises CS-0001 with six detectors: run `make reset`, then `make up`.",
        )


class RefusedBySystemError(StackError):
    """The platform refused what the demo asked for."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"Hệ thống từ chối: {detail}", f"The platform refused: {detail}")


class StillInAlarmError(StackError):
    """The detectors did not return to normal, so the demo premises is not tidy."""

    def __init__(self, code: str, device_ids: str) -> None:
        super().__init__(
            f"Đầu báo của {code} chưa trở lại bình thường: {device_ids}. Hãy chờ một phút rồi chạy lại;"
            " đầu báo nào không còn gửi tin thì cho ngừng sử dụng (POST /v1/devices/…:retire).",
            f"Detectors of {code} are not back to normal: {device_ids}. Wait a minute and run it again;"
            " one that reports no more is to be retired (POST /v1/devices/…:retire).",
        )


class SettingError(StackError):
    """A setting in the environment makes no sense."""

    def __init__(self) -> None:
        super().__init__(
            "FIRE phải là SDC05, SDC07, SDC38, SDC39 hoặc all; SPEED phải là số từ 1 trở lên.",
            "FIRE must be SDC05, SDC07, SDC38, SDC39 or all; SPEED a number of 1 or more.",
        )
