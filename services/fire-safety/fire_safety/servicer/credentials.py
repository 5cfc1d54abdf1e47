"""Credentials of devices."""

from grpc import aio

from chassis.rpc.pages import page_size
from chassis.rpc.servicer import Context
from chassis.storage.idempotency import check_request_id, digest_of
from fire_safety.operations.credentials import Asked, CredentialOperations
from fire_safety.queries.credentials import CredentialQueries
from fire_safety.wire import credentials as wire
from fire_safety.wire.fields import optional_identifier
from ward.fire_safety.v1 import credentials_pb2 as pb
from ward.fire_safety.v1 import credentials_pb2_grpc

_Write = pb.IssueCredentialRequest | pb.RotateCredentialRequest | pb.RevokeCredentialRequest


class CredentialsServicer(credentials_pb2_grpc.CredentialsServiceServicer):
    """The methods of `CredentialsService`."""

    service: str = pb.DESCRIPTOR.services_by_name["CredentialsService"].full_name

    def __init__(self, operations: CredentialOperations, queries: CredentialQueries) -> None:
        self._operations = operations
        self._queries = queries

    def add_to(self, server: aio.Server) -> None:
        """Have a server answer by it."""
        credentials_pb2_grpc.add_CredentialsServiceServicer_to_server(self, server)

    async def IssueCredential(
        self, request: pb.IssueCredentialRequest, context: Context
    ) -> pb.IssueCredentialResponse:
        """Make a credential and show its secret, once."""
        asked, device_id = _asked(request), wire.device_id(request.device_id)
        issued = await self._operations.issue(device_id, wire.expiry(request), asked)
        return pb.IssueCredentialResponse(
            credential=wire.credential(issued.credential),
            secret=issued.secret,
            secret_shown_before=not issued.secret,
        )

    async def RotateCredential(
        self, request: pb.RotateCredentialRequest, context: Context
    ) -> pb.RotateCredentialResponse:
        """Make a credential in place of another."""
        asked, credential_id = _asked(request), wire.credential_id(request.credential_id)
        issued = await self._operations.rotate(credential_id, wire.expiry(request), asked)
        return pb.RotateCredentialResponse(
            credential=wire.credential(issued.credential),
            secret=issued.secret,
            secret_shown_before=not issued.secret,
            replaced=wire.credential(issued.replaced) if issued.replaced else None,
        )

    async def RevokeCredential(
        self, request: pb.RevokeCredentialRequest, context: Context
    ) -> pb.RevokeCredentialResponse:
        """End a credential."""
        asked, credential_id = _asked(request), wire.credential_id(request.credential_id)
        revoked = await self._operations.revoke(credential_id, asked)
        return pb.RevokeCredentialResponse(credential=wire.credential(revoked))

    async def ListCredentials(
        self, request: pb.ListCredentialsRequest, context: Context
    ) -> pb.ListCredentialsResponse:
        """Answer a page of a device's credentials."""
        device_id, size = wire.device_id(request.device_id), page_size(request.page_size)
        after = wire.page_after(request.page_token)
        found = await self._queries.list_credentials(device_id, after, size + 1)
        return wire.credentials_page(found, size)

    async def ListCredentialAudit(
        self, request: pb.ListCredentialAuditRequest, context: Context
    ) -> pb.ListCredentialAuditResponse:
        """Answer a page of the audit."""
        device_id = optional_identifier("device_id", request.device_id)
        size, after = page_size(request.page_size), wire.page_after(request.page_token)
        found = await self._queries.list_audit(device_id, after, size + 1)
        return wire.audit_page(found, size)


def _asked(request: _Write) -> Asked:
    check_request_id(request.request_id)
    return Asked(request.request_id, digest_of(request))
