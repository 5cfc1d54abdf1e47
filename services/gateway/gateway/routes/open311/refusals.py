"""What went wrong, as Open311 says it: a list of errors, each with a code and a sentence in both languages."""

from grpc.aio import AioRpcError
from starlette.exceptions import HTTPException

from chassis.errors import DomainError
from gateway.problems import Problem, of_domain_error, of_http_status, of_rpc_error
from gateway.routes.open311.documents import Document

_NOT_FOUND = 404
_UNSUPPORTED_MEDIA_TYPE = 415
# Reasons of the ward, as the standard's list of errors has them.
_CODES = {"CATEGORY_NOT_FOUND": _NOT_FOUND, "CATEGORY_NOT_OPEN": _NOT_FOUND}
_SENTENCES = {
    "CATEGORY_NOT_FOUND": "service_code was not found / Không có dịch vụ này.",
    "CATEGORY_NOT_OPEN": "service_code was not found / Không có dịch vụ này.",
}
# Everywhere else it is JSON.
_FORM_ONLY = (
    "The content must be application/x-www-form-urlencoded, uncompressed. / "
    "Nội dung phải là application/x-www-form-urlencoded, không nén."
)
# Fields of the ward's own interface, as the parameters of the standard are called.
_PARAMETERS = {
    "answers": "attribute",
    "address": "address_string",
    "position": "lat, long",
    "reporter.email": "email",
    "reporter.full_name": "first_name, last_name",
    "reporter.phone": "phone",
    "numbers": "service_request_id",
    "service_codes": "service_code",
    "start": "start_date",
    "end": "end_date",
}
# What a service asks, as it is answered, and as it is kept.
_ATTRIBUTES = frozenset({"answers", "road_accident"})
# GeoReport v2 has one code for a missing and for an invalid api_key, and one for all that is wrong in a request.
_STATUSES = {401: 403, 409: 400, 415: 400, 410: 400}


class RefusedError(Exception):
    """Refused by the standard's own rule."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def refusal_of(error: RefusedError | DomainError | AioRpcError | HTTPException) -> Document:
    """Tell an error as the standard does; nothing that was sent is repeated."""
    match error:
        case RefusedError():
            return _refusal(error.code, [error.sentence])
        case DomainError():
            return _of_problem(of_domain_error(error))
        case AioRpcError():
            return _of_problem(of_rpc_error(error))
        case HTTPException():
            return _of_problem(of_http_status(error.status_code))


def _of_problem(problem: Problem) -> Document:
    code = _CODES.get(problem.reason, _STATUSES.get(problem.status, problem.status))
    sentence = f"{problem.detail.en} / {problem.detail.vi}"
    if problem.status == _UNSUPPORTED_MEDIA_TYPE:
        sentence = _FORM_ONLY
    rules = []
    for each in problem.errors:
        field, rule = each
        parameter = _parameter(field)
        sentence = sentence.replace(f"'{field}'", f"'{parameter}'")
        sentence = sentence.replace(f"«{field}»", f"«{parameter}»")
        rules.append(f"{parameter}: {rule.en} / {rule.vi}")
    return _refusal(code, [_SENTENCES.get(problem.reason, sentence), *rules])


def _parameter(field: str) -> str:
    """Name a field as who sent it does, who has no lists: which one of a list it is, is left out."""
    name, _, _ = field.partition("[")
    group, _, code = name.partition(".")
    return f"attribute[{code}]" if group in _ATTRIBUTES and code else _PARAMETERS.get(name, name)


def _refusal(code: int, sentences: list[str]) -> Document:
    errors = [{"code": code, "description": sentence} for sentence in sentences]
    return Document("errors", errors, code)
