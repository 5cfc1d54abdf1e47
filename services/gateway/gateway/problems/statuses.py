"""The one table between gRPC codes, HTTP statuses and the titles people read."""

from dataclasses import dataclass
from http import HTTPStatus

import grpc


@dataclass(frozen=True)
class Title:
    """What a status means, in both languages."""

    vi: str
    en: str


STATUS_OF_CODE = {
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    grpc.StatusCode.PERMISSION_DENIED: HTTPStatus.FORBIDDEN,
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
    grpc.StatusCode.ABORTED: HTTPStatus.CONFLICT,
    # 409, not 400: the request is sound, the state of the thing stands against it.
    grpc.StatusCode.FAILED_PRECONDITION: HTTPStatus.CONFLICT,
    # The only thing out of range is a position in a stream that is no longer kept.
    grpc.StatusCode.OUT_OF_RANGE: HTTPStatus.GONE,
    grpc.StatusCode.RESOURCE_EXHAUSTED: HTTPStatus.TOO_MANY_REQUESTS,
    grpc.StatusCode.DEADLINE_EXCEEDED: HTTPStatus.GATEWAY_TIMEOUT,
    grpc.StatusCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}

TITLES = {
    400: Title("Yêu cầu không hợp lệ", "Bad request"),
    401: Title("Cần đăng nhập", "Sign-in needed"),
    403: Title("Không được phép", "Not allowed"),
    404: Title("Không tìm thấy", "Not found"),
    405: Title("Phương thức không được hỗ trợ", "Method not allowed"),
    409: Title("Xung đột với trạng thái hiện tại", "Conflict with the present state"),
    410: Title("Không còn được lưu giữ", "No longer kept"),
    413: Title("Yêu cầu quá lớn", "Request too large"),
    415: Title("Định dạng nội dung không được hỗ trợ", "Content type not supported"),
    429: Title("Quá nhiều yêu cầu", "Too many requests"),
    500: Title("Lỗi hệ thống", "System error"),
    503: Title("Dịch vụ tạm thời gián đoạn", "Service not available"),
    504: Title("Dịch vụ không trả lời kịp", "Service did not answer in time"),
}
