"""Whether a dashboard is one that Grafana's schema knows: no field beyond it, and each value of its type.

The classes of the foundation SDK are generated from that schema, with a type for every field. They take what they are
given, so the types are compared here.
"""

import json
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.models.dashboard import Dashboard

# Without it the SDK keeps options of panels and queries as they are, and knows nothing of them.
register_default_plugins()

# What a query in SQL says (grafana-postgresql-datasource), of which the SDK has no class.
_SQL = {"refId": str, "datasource": dict, "editorMode": str, "format": str, "rawQuery": bool}
_SQL_FIELDS = {*_SQL, "rawSql"}
_WRONG_SHAPE = (TypeError, AttributeError, KeyError, ValueError)


def faults_of_schema(dashboard: Mapping[str, Any]) -> Iterator[str]:
    """Tell in one line each which field of a dashboard, as JSON gives it, is unknown or of another type."""
    yield from _unlike_class("", dict(dashboard), Dashboard)


def _unlike_class(path: str, given: dict[str, Any], kind: Any) -> Iterator[str]:  # noqa: ANN401 - a class of the SDK
    """Compare JSON with a class of the SDK, which reads it."""
    try:
        read = kind.from_json(given)
        known = json.loads(json.dumps(read, cls=JSONEncoder))
    except _WRONG_SHAPE as error:
        yield f"{path} has another shape than Grafana's schema: {error!r}"
        return
    yield from _beyond(path, given, known)
    yield from _mistyped(path, read)


def _beyond(path: str, given: Any, known: Any) -> Iterator[str]:  # noqa: ANN401 - whatever JSON holds
    """Compare with what the schema's classes kept."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            if name in known:
                yield from _beyond(f"{path}.{name}", value, known[name])
            else:
                yield f"Grafana's schema has no {path}.{name}"
    elif isinstance(given, list) and isinstance(known, list):
        for place, (one, other) in enumerate(zip(given, known, strict=True)):
            yield from _beyond(f"{path}[{place}]", one, other)
    elif given != known:
        yield f"{path} is something else in Grafana's schema: {given!r}"


def _mistyped(path: str, read: object) -> Iterator[str]:
    """Compare the fields of an object of the SDK with the types that its class gives them."""
    if isinstance(read, UnknownDataquery):
        yield from _mistyped_sql(path, read.data)
        return
    for name, hint in typing.get_type_hints(type(read)).items():
        yield from _unlike(f"{path}.{name}", getattr(read, name), hint)


def _mistyped_sql(path: str, query: Mapping[str, Any]) -> Iterator[str]:
    if set(query) != _SQL_FIELDS:
        yield f"{path} is no query in SQL: {sorted(query)}"
    for name, kind in {**_SQL, "rawSql": str}.items():
        if name in query and not isinstance(query[name], kind):
            yield f"{path}.{name} is not {kind.__name__}: {query[name]!r}"


def _unlike(path: str, value: object, hint: Any) -> Iterator[str]:  # noqa: ANN401 - a type, or what stands for one
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        faults = [list(_unlike(path, value, one)) for one in arguments]
        if all(faults):
            # What is wrong within says more than that the whole is of another type.
            within = [one for one in faults if not one[0].startswith(f"{path} is not")]
            yield from (within or faults)[0]
    elif origin is list and isinstance(value, list):
        for place, one in enumerate(value):
            yield from _unlike(f"{path}[{place}]", one, arguments[0])
    elif origin is dict and isinstance(value, dict):
        for name, one in value.items():
            yield from _unlike(f"{path}.{name}", one, arguments[1])
    elif isinstance(value, dict) and hasattr(hint, "from_json"):
        # The SDK keeps some lists as they are.
        yield from _unlike_class(path, value, hint)
    elif not _is(value, hint, origin, arguments):
        yield f"{path} is not {getattr(hint, '__name__', hint)}: {value!r}"
    elif hasattr(value, "to_json"):
        yield from _mistyped(path, value)


def _is(value: object, hint: Any, origin: Any, arguments: tuple[Any, ...]) -> bool:  # noqa: ANN401 - as above
    if hint in {Any, object}:
        return True
    if origin is typing.Literal:
        return value in arguments
    if origin is not None:
        return False
    if issubclass(hint, Enum):
        return value in {one.value for one in hint}
    if hint in {int, float}:
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    return isinstance(value, hint)
