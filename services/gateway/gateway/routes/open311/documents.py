"""Answers of Open311 in both of its forms: one content, written as JSON and as XML."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from starlette.responses import Response

# What is in the lists of a document, in XML.
_MEMBERS: Mapping[str, str] = {
    "services": "service",
    "service_requests": "request",
    "attributes": "attribute",
    "errors": "error",
}
_MEDIA_TYPES: Mapping[str, str] = {"json": "application/json", "xml": "text/xml; charset=utf-8"}
FORMS = frozenset(_MEDIA_TYPES)


@dataclass(frozen=True)
class Document:
    """What is answered: `root` names it in XML; its members are texts, numbers, truth values, None, or lists."""

    root: str
    content: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    status: int = 200

    def answer(self, form: str) -> Response:
        """Answer in a form, `json` or `xml`."""
        written = self._as_json() if form == "json" else self._as_xml()
        return Response(written, self.status, media_type=_MEDIA_TYPES[form])

    def _as_json(self) -> bytes:
        return json.dumps(self.content, ensure_ascii=False).encode()

    def _as_xml(self) -> bytes:
        root = ET.Element(self.root)
        _fill(root, self.content)
        written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
        return written


def _fill(element: ET.Element, content: object) -> None:
    """Write a content into an element; text is escaped, and what is None leaves it empty."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            _fill(ET.SubElement(element, name), value)
    elif isinstance(content, (list, tuple)):
        for value in content:
            _fill(ET.SubElement(element, _MEMBERS[element.tag]), value)
    elif isinstance(content, bool):
        element.text = str(content).lower()
    elif content is not None:
        element.text = str(content)
