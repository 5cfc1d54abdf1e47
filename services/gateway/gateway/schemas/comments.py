"""The comments of the contracts, by full name; a value's name stands under its enum."""

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorProto

# Field numbers of descriptor.proto: which children an element has, and where their comments are found.
_CHILDREN: dict[str, tuple[tuple[int, str], ...]] = {
    "FileDescriptorProto": ((4, "message_type"), (5, "enum_type"), (6, "service")),
    "DescriptorProto": ((2, "field"), (3, "nested_type"), (4, "enum_type"), (8, "oneof_decl")),
    "EnumDescriptorProto": ((2, "value"),),
    "ServiceDescriptorProto": ((2, "method"),),
}


def comments_of(files: Iterable[FileDescriptorProto]) -> dict[str, str]:
    """Read the comment of every element of the files; elements without one are left out."""
    return {
        name: comment
        for file in files
        for name, comment in _comments(file, file.package, (), _locations(file))
    }


def _locations(file: FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {
        tuple(location.path): location.leading_comments or location.trailing_comments
        for location in file.source_code_info.location
    }


def _comments(
    element: Any,  # noqa: ANN401 - any of the descriptor protos
    name: str,
    path: tuple[int, ...],
    locations: dict[tuple[int, ...], str],
) -> Iterator[tuple[str, str]]:
    if comment := _tidy(locations.get(path, "")):
        yield name, comment
    for number, children in _CHILDREN.get(element.DESCRIPTOR.name, ()):
        for index, child in enumerate(getattr(element, children)):
            yield from _comments(child, f"{name}.{child.name}", (*path, number, index), locations)


def _tidy(comment: str) -> str:
    return "\n".join(line.strip() for line in comment.strip().splitlines())
