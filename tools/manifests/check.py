"""Checking manifests strictly: a field that its kind does not have is an error, and so is a kind without a schema.

Kinds of Kubernetes itself are checked against its own schemas, those of operators against `schemas.yaml`: the fields
that we use, closed, so that no other one passes unseen.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from manifests import rules
from manifests.build import CLUSTER, FOLDER, PLACES, BuildError, Manifest, build, nats_values

# The oldest that is supported, and the newest that there are schemas of.
KUBERNETES = ("1.34", "1.37")
_SCHEMAS = Path(__file__).parent / "schemas.yaml"
_METADATA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "labels": {"additionalProperties": {"type": "string"}},
    },
}


def problems(folder: Path = FOLDER, places: Sequence[str] = (*PLACES, CLUSTER)) -> list[str]:
    """Tell everything that is wrong with what is below the folder, one sentence each."""
    found = rules.problems(folder)
    for place in places:
        try:
            manifests = build(place, folder)
        except BuildError as error:
            found.append(str(error))
            continue
        found += [f"{place}: {wrong}" for one in manifests for wrong in wrong_with(one)]
    schema = _schemas()["nats chart"]
    for name, values in nats_values(folder).items():
        found += [f"{name}: {wrong}" for wrong in _against(schema, values)]
    return found


def wrong_with(manifest: Manifest) -> Iterator[str]:
    """Tell what is wrong with one manifest."""
    kind = f"{manifest.get('apiVersion')} {manifest.get('kind')}"
    name = f"{manifest.get('kind')} {manifest.get('metadata', {}).get('name')}"
    schema = _schemas().get(kind)
    if schema is not None:
        whole = {"apiVersion": {}, "kind": {}, "metadata": _METADATA, "spec": schema}
        closed = {"type": "object", "required": ["spec"], "properties": whole}
        yield from (f"{name}: {wrong}" for wrong in _against(_closed(closed), manifest))
        return
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(map(str, error.path))
            yield f"{name}: {path}: {error.message} (Kubernetes {version})"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{name}: {kind} has no schema, neither Kubernetes {version}'s nor in schemas.yaml"


def _against(schema: Manifest, document: Any) -> Iterator[str]:  # noqa: ANN401 - whatever was written
    for error in jsonschema.Draft202012Validator(schema).iter_errors(document):
        yield f"{error.json_path}: {error.message}"


@cache
def _schemas() -> dict[str, Manifest]:
    written = yaml.safe_load(_SCHEMAS.read_text())["kinds"]
    return {kind: _closed(schema) for kind, schema in written.items()}


def _closed(schema: Any) -> Any:  # noqa: ANN401 - a schema, or a part of one
    """Let an object have the properties that are written there, and no other."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    if isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed
