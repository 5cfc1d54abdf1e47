"""The ward's contracts, read once at start-up from the descriptor set that is generated with them."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import Message

from chassis.rpc.access import AccessRule, rule_of
from gateway.schemas.bindings import Binding, bindings_of
from gateway.schemas.comments import comments_of


@dataclass(frozen=True)
class Method:
    """One RPC and how it is called over HTTP."""

    descriptor: MethodDescriptor
    bindings: tuple[Binding, ...]

    @property
    def package(self) -> str:
        """The package that serves it: `ward.incidents.v1`."""
        return str(self.descriptor.containing_service.file.package)

    @property
    def path(self) -> str:
        """Its name on the wire: `/ward.incidents.v1.IncidentsService/GetIncident`."""
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"

    @property
    def streams(self) -> bool:
        """Whether it answers with a stream."""
        return bool(self.descriptor.server_streaming)

    @property
    def document(self) -> str:
        """The field of its response that is a document and answered as it is; empty where it answers JSON."""
        return next((each.document for each in self.bindings if each.document), "")

    @property
    def rule(self) -> AccessRule:
        """Who may call it."""
        return rule_of(self.path)

    @cached_property
    def request(self) -> type[Message]:
        """The class of its request."""
        return message_factory.GetMessageClass(self.descriptor.input_type)

    @cached_property
    def response(self) -> type[Message]:
        """The class of its response."""
        return message_factory.GetMessageClass(self.descriptor.output_type)


@dataclass(frozen=True)
class Contracts:
    """The methods of some packages, and the comment of every element by full name."""

    methods: tuple[Method, ...]
    comments: dict[str, str]


def read_contracts(packages: frozenset[str]) -> Contracts:
    """Read the methods of the packages and the comments of all contracts."""
    content = resources.files("ward").joinpath("descriptors.binpb").read_bytes()
    files = sorted(FileDescriptorSet.FromString(content).file, key=lambda file: file.name)
    methods = (method for file in files if file.package in packages for method in _methods(file))
    return Contracts(tuple(methods), comments_of(files))


def _methods(file: FileDescriptorProto) -> Iterator[Method]:
    # Loading the generated module puts its types into the pool that all generated code shares.
    importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    for service in descriptor_pool.Default().FindFileByName(file.name).services_by_name.values():
        for method in service.methods:
            yield Method(method, bindings_of(method))
