"""A message of a warning as CAP 1.2 writes it, and the messages in force as an Atom feed."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any
from xml.etree import ElementTree as ET

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.clock import ward_local
from ward.fire_safety.v1 import fire_safety_pb2
from ward.incidents.v1 import public_alerts_pb2 as pb

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
# Codes of CAP that are not the contract's words with a capital.
_CODES = {"CBRNE": "CBRNE", "ALL_CLEAR": "AllClear"}
_EXERCISE = "Diễn tập: không phải sự việc thật. / Exercise: this is not real."
_PARTICIPANTS = "Người tham gia diễn tập / Participants of the exercise"
_WARD = "VN-ward"


def alert_document(alert: pb.PublicAlert) -> bytes:
    """Write one message, valid against the schema of CAP 1.2."""
    root = ET.Element("alert", xmlns=CAP)
    _add(root, "identifier", alert.number)
    _add(root, "sender", alert.sender)
    _add(root, "sent", _written(alert.sent_at))
    _add(root, "status", "Exercise" if alert.exercise else "Actual")
    _add(root, "msgType", _code(pb.AlertMessageType, alert.message_type))
    _add(root, "scope", "Restricted" if alert.exercise else "Public")
    if alert.exercise:
        _add(root, "restriction", _PARTICIPANTS)
        _add(root, "note", _EXERCISE)
    if alert.references:
        _add(root, "references", " ".join(map(_reference, alert.references)))
    for language, text in (("vi-VN", alert.content.vi), ("en-US", alert.content.en)):
        _add_info(ET.SubElement(root, "info"), alert, language, text)
    return _whole(root)


def feed_document(
    alerts: Sequence[pb.PublicAlert], as_of: Timestamp, name: str, ward_code: str
) -> bytes:
    """Write the messages in force as a feed; `name` is the last part of its address without suffix."""
    root = ET.Element("feed", xmlns=ATOM)
    _add(root, "id", f"urn:ward:{ward_code}:{name}")
    _add(root, "title", "Cảnh báo công cộng")
    newest = alerts[0].sent_at if alerts else as_of
    _add(root, "updated", _written(newest))
    _add(ET.SubElement(root, "author"), "name", f"Phường {ward_code}")
    ET.SubElement(root, "link", rel="self", href=f"{name}.atom", type="application/atom+xml")
    for alert in alerts:
        _add_entry(ET.SubElement(root, "entry"), alert, name)
    return _whole(root)


def _add_info(info: ET.Element, alert: pb.PublicAlert, language: str, text: pb.AlertText) -> None:
    content = alert.content
    _add(info, "language", language)
    _add(info, "category", _code(pb.AlertCategory, content.category))
    _add(info, "event", text.event)
    for response in content.responses:
        _add(info, "responseType", _code(pb.AlertResponse, response))
    _add(info, "urgency", _code(pb.AlertUrgency, content.urgency))
    _add(info, "severity", _code(pb.AlertSeverity, content.severity))
    _add(info, "certainty", _code(pb.AlertCertainty, content.certainty))
    if content.HasField("onset"):
        _add(info, "onset", _written(content.onset))
    _add(info, "expires", _written(alert.expires_at))
    _add(info, "senderName", alert.sender_name)
    _add(info, "headline", text.headline)
    _add(info, "description", text.description)
    if text.instruction:
        _add(info, "instruction", text.instruction)
    _add_area(ET.SubElement(info, "area"), alert, text)


def _add_area(area: ET.Element, alert: pb.PublicAlert, text: pb.AlertText) -> None:
    content = alert.content
    _add(area, "areaDesc", text.area)
    if content.polygon:
        _add(area, "polygon", " ".join(map(_pair, content.polygon)))
    if content.HasField("circle"):
        circle = content.circle
        _add(area, "circle", f"{_pair(circle.centre)} {circle.radius_km:g}")
    geocode = ET.SubElement(area, "geocode")
    _add(geocode, "valueName", _WARD)
    _add(geocode, "value", alert.ward_code)


def _add_entry(entry: ET.Element, alert: pb.PublicAlert, name: str) -> None:
    text = alert.content.vi
    _add(entry, "id", f"urn:ward:{alert.ward_code}:{alert.number}")
    _add(entry, "title", text.headline)
    _add(entry, "updated", _written(alert.sent_at))
    _add(entry, "summary", text.description)
    href = f"{name}/{alert.number}.xml"
    ET.SubElement(entry, "link", rel="alternate", href=href, type=CAP_TYPE)


def _reference(before: pb.AlertReference) -> str:
    return f"{before.sender},{before.number},{_written(before.sent_at)}"


def _pair(position: fire_safety_pb2.Position) -> str:
    return f"{position.latitude:.6f},{position.longitude:.6f}"


def _written(moment: Timestamp) -> str:
    """Write a moment to the second in the ward's time: CAP wants an offset in numbers."""
    return ward_local(moment.ToDatetime(UTC)).isoformat(timespec="seconds")


def _code(contract: Any, number: int) -> str:  # noqa: ANN401 - enums as generated
    prefix = contract.Name(0).removesuffix("UNSPECIFIED")
    word: str = contract.Name(number).removeprefix(prefix)
    return _CODES.get(word, word.capitalize())


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _whole(root: ET.Element) -> bytes:
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
