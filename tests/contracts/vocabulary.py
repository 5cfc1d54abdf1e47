"""What the contracts and the code say, gathered for comparison."""

import importlib
import pkgutil
from collections.abc import Iterable
from importlib import resources
from importlib.util import find_spec
from types import ModuleType

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from chassis.errors import DomainError

SERVICES = ("residency", "fire_safety", "incidents")
PACKAGES = tuple(f"ward.{service}.v1" for service in SERVICES)
# Services of others that the ward calls and does not serve.
FOREIGN_PACKAGES = ("ward.dispatch.v1", "ward.population.v1")


def packages_with_services() -> set[str]:
    """Name the packages that declare a service."""
    return {file.package for file in _files() if file.service} - {""}


def methods() -> list[MethodDescriptor]:
    """Give every RPC of the ward."""
    files = [file.name for file in _files() if file.package in PACKAGES]
    for name in files:
        importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    pool = descriptor_pool.Default()
    return [
        method
        for name in files
        for service in pool.FindFileByName(name).services_by_name.values()
        for method in service.methods
    ]


def _files() -> Iterable[FileDescriptorProto]:
    content = resources.files("ward").joinpath("descriptors.binpb").read_bytes()
    return FileDescriptorSet.FromString(content).file


def path_of(method: MethodDescriptor) -> str:
    """Name a method as on the wire."""
    return f"/{method.containing_service.full_name}/{method.name}"


def built_services() -> list[str]:
    """Name the services whose domain is written."""
    return [service for service in SERVICES if find_spec(f"{service}.domain")]


def domain_errors() -> dict[str, type[DomainError]]:
    """Give every expected error of the chassis, the gateway and the services that are there, by its name, in order."""
    for package in ("chassis", "gateway", *built_services()):
        _import_all(importlib.import_module(package))
    named = {f"{error.__module__}.{error.__name__}": error for error in _subclasses(DomainError)}
    return {name: named[name] for name in sorted(named) if not name.startswith("tests.")}


def _import_all(package: ModuleType) -> None:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _subclasses(kind: type[DomainError]) -> set[type[DomainError]]:
    direct = set(kind.__subclasses__())
    return direct.union(*(_subclasses(each) for each in direct))
