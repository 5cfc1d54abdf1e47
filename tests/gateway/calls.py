"""A request as a client writes it: what of it stands in the path, in the query and in the body."""

import json
from urllib.parse import quote, urlencode

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from gateway.schemas.bindings import Binding, Parameter


def path_of(binding: Binding, message: Message) -> str:
    """Fill the template."""
    path = binding.template
    for field in binding.path_fields:
        path = path.replace(f"{{{field.name}}}", quote(getattr(message, field.name), safe=""))
    return path


def query_of(binding: Binding, message: Message, *, json_names: bool) -> str:
    """Write each set field of the query."""
    pairs = []
    for parameter in dict.fromkeys(binding.parameters.values()):
        name = parameter.json_name if json_names else parameter.proto_name
        pairs += [(name, text) for text in texts_of(parameter, message)]
    return urlencode(pairs)


def texts_of(parameter: Parameter, message: Message) -> list[str]:
    """Write the values of one parameter; none where it has its default."""
    for step in parameter.steps[:-1]:
        if not message.HasField(step.name):
            return []
        message = getattr(message, step.name)
    document = json_format.MessageToDict(message, preserving_proto_field_name=True)
    value = document.get(parameter.field.name)
    if value is None:
        return []
    if parameter.field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return [json.dumps(value)]
    return [str(each) for each in (value if isinstance(value, list) else [value])]


def body_of(binding: Binding, message: Message) -> bytes:
    """Write what is not in the path."""
    rest = type(message)()
    rest.CopyFrom(message)
    for field in binding.path_fields:
        rest.ClearField(field.name)
    return json_format.MessageToJson(rest).encode() if binding.has_body else b""
