"""How one HTTP request is bound to a method: verb, path template, body, and what may stand in the query."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from ward.options.v1 import document_pb2

_VERBS = ("get", "put", "post", "delete", "patch")
_TEMPLATE = re.compile(r"(?:/(?:[a-z0-9_.-]+|\{[a-z][a-z0-9_]*\}))+(?::[a-zA-Z]+)?")
_VARIABLE = re.compile(r"\{([a-z0-9_]+)\}")


@dataclass(frozen=True)
class Parameter:
    """One query parameter: the way from the request message to the field it sets."""

    steps: tuple[FieldDescriptor, ...]

    @property
    def field(self) -> FieldDescriptor:
        """The field that is set."""
        return self.steps[-1]

    @property
    def json_name(self) -> str:
        """Its name as documented: `purpose.reference`, `pageSize`."""
        return ".".join(step.json_name for step in self.steps)

    @property
    def proto_name(self) -> str:
        """Its name as in the contract: `purpose.reference`, `page_size`."""
        return ".".join(step.name for step in self.steps)


@dataclass(frozen=True)
class Binding:
    """One way to call a method over HTTP.

    `parameters` names each query parameter in both spellings, as proto3 JSON does. `document` names the field of the
    response that is answered with, where that is a document and no JSON; empty otherwise.
    """

    verb: str
    template: str
    has_body: bool
    path_fields: tuple[FieldDescriptor, ...]
    parameters: Mapping[str, Parameter]
    document: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What a path must look like before percent-decoding; a colon begins a custom verb, `%3A` is data."""
        escaped = re.escape(self.template).replace(r"\{", "{").replace(r"\}", "}")
        return re.compile(_VARIABLE.sub(r"(?P<\1>[^/:]+)", escaped))


def bindings_of(method: MethodDescriptor) -> tuple[Binding, ...]:
    """Read the HTTP bindings of a method; none where it declares none.

    Raises ValueError for an annotation that the gateway cannot serve, so that it fails when it starts, not when called.
    """
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    if not rule.WhichOneof("pattern"):
        return ()
    return tuple(_binding(method, each) for each in (rule, *rule.additional_bindings))


def _binding(method: MethodDescriptor, rule: Any) -> Binding:  # noqa: ANN401 - google.api ships no types
    verb = rule.WhichOneof("pattern")
    template = getattr(rule, verb) if verb in _VERBS else ""
    if not _TEMPLATE.fullmatch(template) or rule.body not in ("", "*"):
        raise ValueError(f"{method.full_name}: the gateway cannot serve this HTTP annotation")
    document = _document_field(method, rule.response_body)
    request = method.input_type
    path_fields = tuple(
        request.fields_by_name[name]  # a KeyError names the field that is not there
        for name in _VARIABLE.findall(template)
    )
    has_body = rule.body == "*"
    parameters = {} if has_body else _parameters(request, path_fields)
    return Binding(verb.upper(), template, has_body, path_fields, parameters, document)


def _document_field(method: MethodDescriptor, name: str) -> str:
    """Check that a `response_body` names a document."""
    if name:
        kind = method.output_type.fields_by_name[name].message_type
        if kind is None or kind.full_name != document_pb2.Document.DESCRIPTOR.full_name:
            raise ValueError(f"{method.full_name}: a response_body must be a document")
    return name


def _parameters(
    request: Descriptor, path_fields: tuple[FieldDescriptor, ...]
) -> dict[str, Parameter]:
    parameters = {}
    for steps in _leaves(request, ()):
        if not _taken(steps[0], path_fields):
            parameter = Parameter(steps)
            parameters[parameter.json_name] = parameter
            parameters[parameter.proto_name] = parameter
    return parameters


def _taken(field: FieldDescriptor, path_fields: tuple[FieldDescriptor, ...]) -> bool:
    """Tell whether the path sets the field, or another one of its oneof."""
    oneof = field.containing_oneof
    return field in path_fields or (
        oneof is not None and any(oneof == other.containing_oneof for other in path_fields)
    )


def _leaves(
    message: Descriptor, before: tuple[FieldDescriptor, ...]
) -> Iterator[tuple[FieldDescriptor, ...]]:
    for field in message.fields:
        steps = (*before, field)
        if is_leaf(field):
            yield steps
        elif (
            field.message_type and not field.is_repeated and not _recurs(field.message_type, steps)
        ):
            yield from _leaves(field.message_type, steps)


def _recurs(message: Descriptor, steps: tuple[FieldDescriptor, ...]) -> bool:
    return any(step.containing_type is message for step in steps)


def is_leaf(field: FieldDescriptor) -> bool:
    """Tell whether JSON writes the field as one value: scalars, enums, and well-known types such as Timestamp."""
    kind = field.message_type
    return kind is None or kind.full_name.startswith("google.protobuf.")
