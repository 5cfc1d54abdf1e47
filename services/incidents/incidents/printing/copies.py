"""The newest printed copy of each incident, kept while nothing of its brief changes."""

import asyncio
from collections import OrderedDict

from google.protobuf.timestamp_pb2 import Timestamp

from incidents.printing.brief_page import printed_brief
from ward.incidents.v1 import printing_pb2
from ward.incidents.v1.incidents_pb2 import RescueBrief
from ward.options.v1 import document_pb2

PDF = "application/pdf"
_KEPT = 64


class Copies:
    """Prints a brief once for each fingerprint, so that one ETag is one document; the page says when it was printed."""

    def __init__(self) -> None:
        self._copies: OrderedDict[str, printing_pb2.PrintRescueBriefResponse] = OrderedDict()

    async def copy_of(self, brief: RescueBrief) -> printing_pb2.PrintRescueBriefResponse:
        """Give the printed brief; the event loop goes on while it is being printed."""
        incident_id = brief.incident.incident_id
        kept = self._copies.get(incident_id)
        if kept is None or kept.document.etag != brief.fingerprint:
            content = await asyncio.to_thread(printed_brief, brief)
            kept = _copy(content, brief.fingerprint, brief.generated_at)
            self._copies[incident_id] = kept
        self._copies.move_to_end(incident_id)
        while len(self._copies) > _KEPT:
            self._copies.popitem(last=False)
        return kept


def _copy(
    content: bytes, fingerprint: str, printed_at: Timestamp
) -> printing_pb2.PrintRescueBriefResponse:
    document = document_pb2.Document(media_type=PDF, content=content, etag=fingerprint)
    return printing_pb2.PrintRescueBriefResponse(document=document, printed_at=printed_at)
