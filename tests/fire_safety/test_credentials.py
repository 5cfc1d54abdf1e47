"""Credentials over real gRPC: issued, rotated, revoked, listed, and told by the audit."""

import asyncio
from datetime import UTC, timedelta

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio
from sqlalchemy import text

from chassis.clock import utc_now
from chassis.rpc import pages
from chassis.storage.database import Database
from fire_safety.operations.sign_in import SignInOperations
from fire_safety.queries.sign_in import SignInQueries
from fire_safety.repository import credentials as repository
from tests.fire_safety.conftest import Service, refusal_of
from tests.fire_safety.field import until
from tests.fire_safety.samples import PLACED, UNPLACED
from ward.fire_safety.v1 import credentials_pb2 as pb
from ward.fire_safety.v1 import devices_pb2, fire_safety_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

DEVICE = PLACED.device_id
NOBODY = "00000000-0000-0000-0000-000000000000"


def in_future(**delta: float) -> Timestamp:
    """Write a time from now on."""
    written = Timestamp()
    written.FromDatetime(utc_now() + timedelta(**delta))
    return written


async def issue(
    service: Service, request_id: str = "issue-0001", device_id: str = DEVICE, **more: Timestamp
) -> pb.IssueCredentialResponse:
    """Have a credential made."""
    request = pb.IssueCredentialRequest(request_id=request_id, device_id=device_id, **more)
    issued: pb.IssueCredentialResponse = await service.call(
        "IssueCredential", request, "administrator"
    )
    return issued


async def audit(service: Service, device_id: str = DEVICE) -> list[tuple[str, str]]:
    """Read the audit of a device, oldest first: what was done, and whether by an account."""
    request = pb.ListCredentialAuditRequest(device_id=device_id)
    answer = await service.call("ListCredentialAudit", request, "administrator")
    return [
        (
            pb.CredentialAction.Name(one.action).removeprefix("CREDENTIAL_ACTION_"),
            "person" if one.account else "",
        )
        for one in reversed(answer.entries)
    ]


async def test_the_secret_is_shown_once_and_kept_nowhere(service: Service) -> None:
    """A repeat gets the credential without it and says so; the database holds a digest only."""
    first = await issue(service)
    again = await issue(service)

    assert len(first.secret) >= 32
    assert not first.secret_shown_before
    assert (again.secret, again.secret_shown_before) == ("", True)
    assert again.credential == first.credential
    async with service.database.transaction() as tx:
        for table in ("device_credentials", "credential_audit", "requests", "outbox"):
            rows = (await tx.execute(text(f"select t::text from {table} t"))).scalars()  # noqa: S608
            assert not any(first.secret in row for row in rows)


async def test_a_device_has_one_credential_at_a_time(service: Service) -> None:
    """A second is refused, even asked for at once; after a revocation another is made."""
    asked = [issue(service, f"issue-000{n}") for n in range(4)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    made = [one for one in results if not isinstance(one, BaseException)]
    refused = [one for one in results if isinstance(one, aio.AioRpcError)]

    assert len(made) == 1
    assert {refusal_of(one) for one in refused} == {("FAILED_PRECONDITION", "CREDENTIAL_EXISTS")}
    await revoke(service, made[0].credential.credential_id)
    other = await issue(service, "issue-0010")
    assert other.secret != made[0].secret


async def revoke(
    service: Service, credential_id: str, request_id: str = "revoke-0001"
) -> pb.Credential:
    """End a credential."""
    request = pb.RevokeCredentialRequest(request_id=request_id, credential_id=credential_id)
    answer = await service.call("RevokeCredential", request, "fire_officer")
    ended: pb.Credential = answer.credential
    return ended


async def test_rotation_leaves_the_old_one_valid_for_a_while(service: Service) -> None:
    """The policy's grace period; the one replaced cannot be replaced again."""
    first = await issue(service)
    request = pb.RotateCredentialRequest(
        request_id="rotate-0001", credential_id=first.credential.credential_id
    )
    rotated = await service.call("RotateCredential", request, "administrator")
    again = await service.call("RotateCredential", request, "administrator")

    assert rotated.secret not in {"", first.secret}
    assert rotated.replaced.replaced_by == rotated.credential.credential_id
    grace = rotated.replaced.expires_at.ToDatetime() - rotated.credential.issued_at.ToDatetime()
    assert grace == timedelta(days=7)
    assert (again.secret, again.secret_shown_before) == ("", True)
    assert (again.credential, again.replaced) == (rotated.credential, rotated.replaced)
    twice = pb.RotateCredentialRequest(
        request_id="rotate-0002", credential_id=first.credential.credential_id
    )
    assert await service.refusal("RotateCredential", twice, "administrator") == (
        "FAILED_PRECONDITION",
        "CREDENTIAL_ENDED",
    )
    assert sorted(await audit(service)) == [
        ("ISSUED", "person"),
        ("ISSUED", "person"),
        ("ROTATED", "person"),
    ]


async def test_a_second_revocation_changes_nothing(service: Service) -> None:
    """Who revoked it first, and when, stays; the audit tells of one."""
    issued = await issue(service)
    first = await revoke(service, issued.credential.credential_id)
    second = await revoke(service, issued.credential.credential_id, "revoke-0002")

    assert first == second
    assert first.revoked_by
    assert await audit(service) == [("ISSUED", "person"), ("REVOKED", "person")]


async def test_the_end_of_a_credential_is_told_once(service: Service) -> None:
    """When its time has come; then the device can have another at once."""
    ends_at = in_future(seconds=4)
    issued = await issue(service, expires_at=ends_at)
    operations = SignInOperations(service.database, utc_now)
    while ends_at.ToDatetime(UTC) > utc_now():
        await asyncio.sleep(0.1)
    for _ in range(2):
        await operations.note_ends()

    assert await audit(service) == [("ISSUED", "person"), ("EXPIRED", "")]
    other = await issue(service, "issue-0002")
    listed = await service.call(
        "ListCredentials", pb.ListCredentialsRequest(device_id=DEVICE), "duty_officer"
    )
    assert [one.credential_id for one in listed.credentials] == [
        other.credential.credential_id,
        issued.credential.credential_id,
    ]
    assert listed.credentials[1].replaced_by == other.credential.credential_id


async def test_credentials_and_their_audit_are_listed_in_pages(service: Service) -> None:
    """Newest first, each once, of one device or of all."""
    await issue(service, "issue-0001")
    await issue(service, "issue-0002", UNPLACED.device_id)
    seen, token = [], ""
    while True:
        request = pb.ListCredentialAuditRequest(page_size=1, page_token=token)
        page = await service.call("ListCredentialAudit", request, "administrator")
        seen += [one.device_id for one in page.entries]
        if not (token := page.next_page_token):
            break

    assert seen == [UNPLACED.device_id, DEVICE]
    assert await audit(service, UNPLACED.device_id) == [("ISSUED", "person")]
    page = await service.call(
        "ListCredentials", pb.ListCredentialsRequest(device_id=DEVICE, page_size=1), "duty_officer"
    )
    assert (len(page.credentials), page.next_page_token) == (1, "")


FIELD_INVALID = ("INVALID_ARGUMENT", "FIELD_INVALID")
NO_DEVICE = ("NOT_FOUND", "DEVICE_NOT_FOUND")
NO_CREDENTIAL = ("NOT_FOUND", "CREDENTIAL_NOT_FOUND")
ID = "request-0001"


@pytest.mark.parametrize(
    ("method", "request_", "refused"),
    [
        ("IssueCredential", pb.IssueCredentialRequest(device_id=DEVICE), FIELD_INVALID),
        (
            "IssueCredential",
            pb.IssueCredentialRequest(request_id=ID, device_id=DEVICE, expires_at=Timestamp()),
            FIELD_INVALID,
        ),
        (
            "IssueCredential",
            pb.IssueCredentialRequest(
                request_id=ID, device_id=DEVICE, expires_at=Timestamp(seconds=2**62)
            ),
            FIELD_INVALID,
        ),
        ("IssueCredential", pb.IssueCredentialRequest(request_id=ID, device_id="no"), NO_DEVICE),
        (
            "IssueCredential",
            pb.IssueCredentialRequest(request_id=ID, device_id="\0"),
            FIELD_INVALID,
        ),
        (
            "RotateCredential",
            pb.RotateCredentialRequest(request_id=ID, credential_id=NOBODY),
            NO_CREDENTIAL,
        ),
        (
            "RevokeCredential",
            pb.RevokeCredentialRequest(request_id=ID, credential_id="x"),
            NO_CREDENTIAL,
        ),
        ("ListCredentials", pb.ListCredentialsRequest(device_id="no"), NO_DEVICE),
        (
            "ListCredentialAudit",
            pb.ListCredentialAuditRequest(page_token="x"),
            ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"),
        ),
        (
            "ListCredentialAudit",
            pb.ListCredentialAuditRequest(page_token=pages.encode("2026-11-27T00:00:00", NOBODY)),
            ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID"),
        ),
        ("ListCredentialAudit", pb.ListCredentialAuditRequest(device_id="a b"), FIELD_INVALID),
    ],
)
async def test_a_bad_request_is_told_what_is_wrong(
    service: Service, method: str, request_: object, refused: tuple[str, str]
) -> None:
    """In the one vocabulary."""
    assert await service.refusal(method, request_, "administrator") == refused


async def test_a_request_id_stands_for_one_request(service: Service) -> None:
    """Under it, another device gets nothing."""
    await issue(service)
    other = pb.IssueCredentialRequest(request_id="issue-0001", device_id=UNPLACED.device_id)

    assert await service.refusal("IssueCredential", other, "administrator") == (
        "ALREADY_EXISTS",
        "REQUEST_ID_REUSED",
    )


async def test_who_is_on_duty_may_look_but_not_issue(service: Service) -> None:
    """Credentials are the fire officer's and the administrator's business."""
    request = pb.IssueCredentialRequest(request_id=ID, device_id=DEVICE)

    assert await service.refusal("IssueCredential", request, "duty_officer") == (
        "PERMISSION_DENIED",
        "ROLE_NOT_ALLOWED",
    )


async def test_refusals_are_told_once_an_hour(service: Service, database: Database) -> None:
    """However often somebody guesses, the audit does not grow with it."""
    operations = SignInOperations(database, utc_now)
    for _ in range(50):
        await operations.note([], [DEVICE])

    assert (await audit(service)).count(("REFUSED", "")) in {1, 2}  # the hour may have turned


async def test_retiring_a_device_ends_its_credentials(service: Service) -> None:
    """The audit tells who did; it gets new ones only once it is in service again."""
    issued = await issue(service)
    retiring = devices_pb2.RetireDeviceRequest(request_id="retire-0001", device_id=DEVICE)
    await service.call("RetireDevice", retiring, "administrator")
    request = pb.IssueCredentialRequest(request_id="issue-0002", device_id=DEVICE)
    rotation = pb.RotateCredentialRequest(
        request_id="rotate-0001", credential_id=issued.credential.credential_id
    )

    refused = ("FAILED_PRECONDITION", "DEVICE_RETIRED")
    assert await service.refusal("IssueCredential", request, "administrator") == refused
    assert await service.refusal("RotateCredential", rotation, "administrator") == refused
    assert (await revoke(service, issued.credential.credential_id)).revoked_by
    assert sorted(await audit(service)) == [("ISSUED", "person"), ("REVOKED", "person")]
    returning = devices_pb2.SaveDeviceRequest(
        request_id="save-00001",
        device=fire_safety_pb2.Device(device_id=DEVICE, retired=False),
        update_mask=FieldMask(paths=["retired"]),
    )
    await service.call("SaveDevice", returning, "administrator")
    assert (await issue(service, "issue-0003")).secret


async def test_credentials_of_a_device_change_one_after_another(
    service: Service, database: Database
) -> None:
    """A revocation waits for whatever else is under way, or what that one saves would undo it."""
    issued = await issue(service)
    async with database.transaction() as tx:
        await repository.lock_device(tx, DEVICE)
        revoking = asyncio.create_task(revoke(service, issued.credential.credential_id))
        waiting = await until(lambda: _waits_for_a_lock(database))
        assert not revoking.done()

    assert waiting
    assert (await revoking).revoked_by


async def _waits_for_a_lock(database: Database) -> bool:
    statement = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    async with database.transaction() as tx:
        return bool(await tx.scalar(text(f"{statement} and datname = current_database()")))


async def test_a_gateway_speaks_for_no_retired_device(service: Service) -> None:
    """And it is seen that it speaks for others than before."""
    async with service.database.transaction() as tx:
        child = {"gateway": UNPLACED.device_id, "child": DEVICE}
        placing = "update devices set gateway_id = :gateway where device_id = :child"
        await tx.execute(text(placing), child)
    operations, queries = (
        SignInOperations(service.database, utc_now),
        SignInQueries(service.database),
    )
    await operations.note_ends()
    before = await queries.rights([UNPLACED.device_id])
    since = utc_now()
    retiring = devices_pb2.RetireDeviceRequest(request_id="retire-0001", device_id=DEVICE)
    await service.call("RetireDevice", retiring, "administrator")
    await operations.note_ends()

    after = await queries.rights([UNPLACED.device_id])
    assert before[UNPLACED.device_id].children == [DEVICE]
    assert after[UNPLACED.device_id].children == []
    changed = await queries.changes(since, utc_now(), timedelta())
    assert UNPLACED.device_id in changed
