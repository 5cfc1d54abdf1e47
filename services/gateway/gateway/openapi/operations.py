"""One operation of the description for each binding of each method."""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from chassis.rpc.access import AccessRule
from gateway.openapi.components import Components, reference
from gateway.openapi.errors import problem_answers
from gateway.schemas.bindings import Binding, Parameter
from gateway.schemas.contracts import Method

# chassis.rpc.access reads the stated purpose from the field of this name.
PURPOSE_FIELD = "purpose"


def operation(method: Method, number: int, components: Components) -> dict[str, Any]:
    """Describe the method as called by its binding of that number."""
    binding = method.bindings[number]
    comment = components.comment(method.descriptor.full_name)
    service = method.descriptor.containing_service.name
    described = {
        # Methods of two services may have one name.
        "operationId": f"{service}_{method.descriptor.name}"
        + (f"_{number + 1}" if number else ""),
        "tags": [service],
        "summary": _first_sentence(comment),
        "description": "\n\n".join([_paragraphs(comment), _access_text(method.rule)]),
        "x-ward-access": _access(method.rule),
        "x-ward-grpc": method.path,
        "parameters": _parameters(method, binding, components),
        "responses": {
            "200": _answer(method, components),
            **problem_answers(comment, has_body=binding.has_body),
        },
    }
    if binding.has_body:
        described["requestBody"] = _body(method, binding, components)
    return described


def _first_sentence(comment: str) -> str:
    flat = comment.replace("\n", " ")
    return flat.split(". ")[0].rstrip(".") + "."


def _paragraphs(comment: str) -> str:
    return comment.replace("\nErrors: ", "\n\nErrors: ")


def _access(rule: AccessRule) -> dict[str, Any]:
    return {
        "roles": sorted(rule.roles),
        "purposeRequired": rule.purpose_required,
        "personalData": rule.personal_data,
    }


def _access_text(rule: AccessRule) -> str:
    roles = ", ".join(f"`{role}`" for role in sorted(rule.roles))
    lines = [f"**Vai trò / Roles**: {roles}"]
    if rule.purpose_required:
        lines.append("**Phải nêu mục đích / Purpose required**: `purpose`")
    if rule.personal_data:
        lines.append("**Dữ liệu cá nhân / Personal data**: mọi lượt truy cập đều được ghi nhật ký")
    return "\n\n".join(lines)


def _parameters(method: Method, binding: Binding, components: Components) -> list[dict[str, Any]]:
    described = [_path_parameter(field, components) for field in binding.path_fields]
    documented = {parameter.json_name: parameter for parameter in binding.parameters.values()}
    described += [
        _query_parameter(each, components, required=_required(method, each.steps[0]))
        for each in documented.values()
    ]
    if method.streams:
        described.append(
            {
                "name": "Last-Event-ID",
                "in": "header",
                "description": "Token of the last event received; goes before the one in the query.",
                "schema": {"type": "string"},
            }
        )
    return described


def _path_parameter(field: FieldDescriptor, components: Components) -> dict[str, Any]:
    return {
        "name": field.name,
        "in": "path",
        "required": True,
        "description": components.comment(field.full_name),
        "schema": components.value(field),
    }


def _query_parameter(
    parameter: Parameter, components: Components, *, required: bool
) -> dict[str, Any]:
    return {
        "name": parameter.json_name,
        "in": "query",
        "required": required,
        "description": components.comment(parameter.field.full_name),
        "schema": components.value(parameter.field),
    }


def _required(method: Method, field: FieldDescriptor) -> bool:
    """Tell whether the access rule asks for the field; whatever else is needed, the comments say."""
    return method.rule.purpose_required and field.name == PURPOSE_FIELD


def _body(method: Method, binding: Binding, components: Components) -> dict[str, Any]:
    request = method.descriptor.input_type
    fields = [field for field in request.fields if field not in binding.path_fields]
    # A request belongs to one method, so its name can stand for what of it goes into the body.
    name = components.name_of(request)
    required = [field.json_name for field in fields if _required(method, field)]
    components.schemas[name] = {
        **components.object(request, fields),
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
    return {"required": True, "content": {"application/json": {"schema": reference(name)}}}


def _answer(method: Method, components: Components) -> dict[str, Any]:
    response = method.descriptor.output_type
    schema = components.message(response)
    comment = components.comment(response.full_name)
    if method.document:
        binary = {"schema": {"type": "string", "format": "binary"}}
        # Of which type it is, the answer says.
        return {"description": comment, "content": {"*/*": binary}}
    if not method.streams:
        return {"description": comment, "content": {"application/json": {"schema": schema}}}
    told = (
        "Server-sent events: `id` is the resume token, `event` what happened, `data` this object as JSON. "
        "After `event: error`, whose data is a problem, the stream ends."
    )
    return {
        "description": f"{comment}\n\n{told}",
        "content": {"text/event-stream": {"schema": schema}},
    }
