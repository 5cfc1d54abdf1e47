"""Expected errors over gRPC: `google.rpc.Status` with ErrorInfo, BadRequest or RetryInfo, and a Vietnamese sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import aio
from grpc_status import rpc_status

from chassis.errors import DomainError, FieldInvalidError, LimitReachedError
from ward.errors.v1 import error_reason_pb2

DOMAIN = "ward"
_PREFIX = "ERROR_REASON_"


@dataclass(frozen=True)
class Reason:
    """How one reason is told: status code and sentences."""

    code: grpc.StatusCode
    vi: str
    en: str


@cache
def reasons() -> dict[str, Reason]:
    """Read the table of reasons from the contract."""
    values = error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"].values
    table = {}
    for value in values:
        text = value.GetOptions().Extensions[error_reason_pb2.text]
        if text.code:
            table[value.name.removeprefix(_PREFIX)] = Reason(
                code=grpc.StatusCode[text.code], vi=text.vi, en=text.en
            )
    return table


def sentences(error: DomainError) -> tuple[str, str]:
    """Say an expected error in Vietnamese and in English."""
    reason = reasons()[error.reason]
    said = error.words()
    vi = {name: words.vi for name, words in said.items()}
    en = {name: words.en for name, words in said.items()}
    return _fill(reason.vi, vi), _fill(reason.en, en)


def status_of(error: DomainError) -> status_pb2.Status:
    """Put an expected error into the form that every client library understands."""
    in_vietnamese, in_english = sentences(error)
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata),
        _in_vietnamese(in_vietnamese),
    ]
    if isinstance(error, FieldInvalidError):
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.metadata["field"],
            description=error.rule.en,
            localized_message=_in_vietnamese(error.rule.vi),
        )
        details.append(error_details_pb2.BadRequest(field_violations=[violation]))
    if isinstance(error, LimitReachedError):
        wait = duration_pb2.Duration(seconds=error.retry_after_s)
        details.append(error_details_pb2.RetryInfo(retry_delay=wait))
    return status_pb2.Status(
        code=reasons()[error.reason].code.value[0],
        message=in_english,
        details=[_packed(detail) for detail in details],
    )


async def abort(context: "aio.ServicerContext[Any, Any]", error: DomainError) -> NoReturn:
    """End the call with an expected error, and with what the call was to end with anyway."""
    status = rpc_status.to_status(status_of(error))
    told = (*(context.trailing_metadata() or ()), *status.trailing_metadata)
    await context.abort(status.code, status.details, told)
    raise AssertionError("abort returned")  # pragma: no cover


def reason_of(error: aio.AioRpcError) -> str:
    """Read the reason for which another service of the ward refused; empty where it gave none."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type] # it has what is read
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info) and info.domain == DOMAIN:
            return str(info.reason)
    return ""


def _fill(sentence: str, said: Mapping[str, str]) -> str:
    for name, words in said.items():
        sentence = sentence.replace("{" + name + "}", words)
    return sentence


def _in_vietnamese(text: str) -> error_details_pb2.LocalizedMessage:
    return error_details_pb2.LocalizedMessage(locale="vi-VN", message=text)


def _packed(detail: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed
