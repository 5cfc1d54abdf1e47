"""How a call was refused."""

from dataclasses import dataclass

from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status


@dataclass(frozen=True)
class Refusal:
    """Code, reason, the sentence for people, and the field that it is about, if it is about one."""

    code: str
    reason: str
    vietnamese: str
    field: str


def refusal_of(error: aio.AioRpcError) -> Refusal:
    """Read code, reason, Vietnamese sentence and field."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type] # it has what is read
    info, localized = error_details_pb2.ErrorInfo(), error_details_pb2.LocalizedMessage()
    status.details[0].Unpack(info)
    status.details[1].Unpack(localized)
    return Refusal(error.code().name, info.reason, localized.message, info.metadata["field"])
