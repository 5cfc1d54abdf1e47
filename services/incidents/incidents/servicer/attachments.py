"""Photos and files of reports and incidents."""

from grpc import aio

from chassis.context import current_access, current_identity, untraced
from chassis.rpc.servicer import Context
from incidents.domain.attachments.attachment import OfReport
from incidents.operations.attachments import AttachmentOperations
from incidents.queries.attachments import AttachmentQueries
from incidents.wire import attachments as wire
from ward.incidents.v1 import attachments_pb2 as pb
from ward.incidents.v1 import attachments_pb2_grpc

_CONTENT = ("file_name", "content")


class AttachmentsServicer(attachments_pb2_grpc.AttachmentsServiceServicer):
    """The methods of `AttachmentsService`.

    What takes an upload in has a request id that the caller's other calls do not have: it may be a tip's.
    """

    service: str = pb.DESCRIPTOR.services_by_name["AttachmentsService"].full_name

    def __init__(self, operations: AttachmentOperations, queries: AttachmentQueries) -> None:
        self._operations = operations
        self._queries = queries

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        attachments_pb2_grpc.add_AttachmentsServiceServicer_to_server(self, server)

    async def BeginAttachment(
        self, request: pb.BeginAttachmentRequest, context: Context
    ) -> pb.BeginAttachmentResponse:
        """Begin an upload."""
        with untraced():
            begun = await self._operations.begin(wire.read_begin(request, current_identity()))
        return pb.BeginAttachmentResponse(
            progress=wire.progress_message(begun), upload_token=begun.token
        )

    async def AddAttachmentPart(
        self, request: pb.AddAttachmentPartRequest, context: Context
    ) -> pb.AddAttachmentPartResponse:
        """Take a part in."""
        attachment_id = wire.read_attachment_id(request.attachment_id)
        with untraced():
            progress = await self._operations.add_part(
                attachment_id, request.upload_token, request.number, request.content
            )
        return pb.AddAttachmentPartResponse(progress=wire.progress_message(progress))

    async def GetAttachmentProgress(
        self, request: pb.GetAttachmentProgressRequest, context: Context
    ) -> pb.GetAttachmentProgressResponse:
        """Tell where to go on."""
        attachment_id = wire.read_attachment_id(request.attachment_id)
        progress = await self._operations.progress(attachment_id, request.upload_token)
        return pb.GetAttachmentProgressResponse(progress=wire.progress_message(progress))

    async def CompleteAttachment(
        self, request: pb.CompleteAttachmentRequest, context: Context
    ) -> pb.CompleteAttachmentResponse:
        """Judge and keep what has come."""
        attachment_id = wire.read_attachment_id(request.attachment_id)
        with untraced():
            kept = await self._operations.complete(attachment_id, request.upload_token)
        return wire.kept_message(attachment_id, kept)

    async def ListAttachments(
        self, request: pb.ListAttachmentsRequest, context: Context
    ) -> pb.ListAttachmentsResponse:
        """Tell what belongs to a report or an incident, and account for the look."""
        access, caller = current_access(), current_identity()
        owner = wire.read_owner(request, caller)
        if isinstance(owner, OfReport):
            access.subject = f"attachments of report:{owner.report_id}"
        else:
            access.subject = f"attachments of incident:{owner.incident_id}"
        of_reports = wire.DUTY_OFFICER in caller.roles
        found = await self._queries.of(owner, of_reports=of_reports)
        access.fields = _CONTENT[:1] if found else ()
        return pb.ListAttachmentsResponse(attachments=map(wire.attachment_message, found))

    async def DownloadAttachment(
        self, request: pb.DownloadAttachmentRequest, context: Context
    ) -> pb.DownloadAttachmentResponse:
        """Give one file, and account for the look."""
        attachment_id, access = wire.read_attachment_id(request.attachment_id), current_access()
        access.subject, access.fields = f"attachment:{attachment_id}", _CONTENT
        of_reports = wire.DUTY_OFFICER in current_identity().roles
        found, content = await self._queries.content(attachment_id, of_reports=of_reports)
        access.reference = found.report_number
        return pb.DownloadAttachmentResponse(document=wire.document_message(found, content))
