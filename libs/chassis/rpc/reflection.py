"""Reflection that tells the comments of the contracts too: who has nothing else reads there what fields mean."""

from collections.abc import AsyncIterable, Mapping
from functools import cache
from importlib import resources

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc import aio
from grpc_reflection.v1alpha import reflection, reflection_pb2_grpc
from grpc_reflection.v1alpha.reflection_pb2 import (
    ServerReflectionRequest,
    ServerReflectionResponse,
)


class CommentedReflection(reflection.aio.ReflectionServicer):
    """Answers as the library does, with each contract as it was written: generated code has lost the comments."""

    # The library's types have forgotten that it yields.
    async def ServerReflectionInfo(  # type: ignore[override] # noqa: N802 - the contract's name
        self, request_iterator: AsyncIterable[ServerReflectionRequest], unused_context: object
    ) -> AsyncIterable[ServerReflectionResponse]:
        """Answer each question."""
        answers = super().ServerReflectionInfo(request_iterator, unused_context)
        async for answer in answers:  # type: ignore[attr-defined]
            if answer.HasField("file_descriptor_response"):
                files = answer.file_descriptor_response.file_descriptor_proto
                files[:] = [_contracts().get(_name(file), file) for file in files]
            yield answer


def enable_reflection(services: tuple[str, ...], server: aio.Server) -> None:
    """Have a server describe these services, and reflection itself."""
    servicer = CommentedReflection((*services, reflection.SERVICE_NAME))
    reflection_pb2_grpc.add_ServerReflectionServicer_to_server(servicer, server)  # type: ignore[no-untyped-call]


@cache
def _contracts() -> Mapping[str, bytes]:
    """Read the contracts with their comments, by the names of their files; once, when the first stranger asks."""
    content = resources.files("ward").joinpath("descriptors.binpb").read_bytes()
    return {
        file.name: file.SerializeToString() for file in FileDescriptorSet.FromString(content).file
    }


def _name(file: bytes) -> str:
    return FileDescriptorProto.FromString(file).name
