"""Photos and files: taken in by parts, kept sealed, shown to officers on the account, and forgotten."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from grpc import aio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from chassis import context
from chassis.clock import utc_now
from chassis.errors import DomainError
from chassis.storage.database import Database
from chassis.storage.object_store import FolderStore, ObjectStore
from incidents import tables
from incidents.domain.attachments.attachment import (
    PART_BYTES,
    AttachmentWanted,
    OfIncident,
    OfReport,
    Progress,
    UploadState,
    kept_name,
    part_name,
)
from incidents.domain.reports.sealing import AttachmentSeal
from incidents.operations.attachments import AttachmentOperations
from incidents.queries.attachments import AttachmentQueries
from incidents.servicer.attachments import AttachmentsServicer
from incidents.wire.attachments import clean_name
from tests.fixtures.object_stores import OpenStore
from tests.fixtures.servers import TestDatabase
from tests.incidents.conftest import Service
from tests.incidents.samples import (
    CONTENT_SEAL,
    FOLLOW_UP_KEY,
    Operations,
    Queries,
    StoppedClock,
    raise_alarm,
    relay,
    rows,
)
from tests.incidents.test_media import QUIET_PDF, photo, telephone_photo
from tests.incidents.test_reports import everything, report, tip
from ward.incidents.v1 import attachments_pb2 as pb
from ward.incidents.v1 import incidents_pb2, lifecycle_pb2, reports_pb2

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

SEAL = AttachmentSeal(CONTENT_SEAL, FOLLOW_UP_KEY)
# Three parts, the last of them short.
LONG_PDF = QUIET_PDF[:9] + bytes(2 * PART_BYTES) + QUIET_PDF[9:]
FILE_NAME = "ảnh Giả Định.jpg"


def attachments(
    database: Database, clock: StoppedClock, store: ObjectStore
) -> AttachmentOperations:
    """Make the operations; what they publish stays in the outbox."""
    return AttachmentOperations(database, relay(database, clock), clock, SEAL, store, "11002")


def wanted(owner: Any, content: bytes, **fields: Any) -> AttachmentWanted:
    """Ask to add a file."""
    said = {
        "account": "demo-duty-officer",
        "request_id": str(uuid4()),
        "digest": b"begin",
        "file_name": FILE_NAME,
        "size": len(content),
        "sha256": hashlib.sha256(content).digest(),
    }
    return AttachmentWanted(owner=owner, **{**said, **fields})


def parts_of(content: bytes) -> dict[int, bytes]:
    """Cut a file as whoever sends it does."""
    starts = range(0, len(content), PART_BYTES)
    return {number: content[at : at + PART_BYTES] for number, at in enumerate(starts, start=1)}


async def sent(
    operations: AttachmentOperations, begun: Progress, content: bytes, order: Iterable[int] = ()
) -> None:
    """Send the parts of a file, in an order or as they come."""
    parts = parts_of(content)
    for number in order or parts:
        attachment_id = begun.upload.attachment_id
        await operations.add_part(attachment_id, begun.token, number, parts[number])


async def added(operations: AttachmentOperations, owner: Any, content: bytes) -> UUID:
    """Add a file as a whole; tell its id."""
    begun = await operations.begin(wanted(owner, content))
    await sent(operations, begun, content)
    await operations.complete(begun.upload.attachment_id, begun.token)
    return begun.upload.attachment_id


async def refusal(work: Any) -> tuple[str, dict[str, str]]:
    """Tell why something is refused."""
    with pytest.raises(DomainError) as refused:
        await work
    return refused.value.reason, refused.value.metadata


@pytest.fixture
async def incident(operations: Operations, queries: Queries) -> OfIncident:
    """Open an incident."""
    return OfIncident((await raise_alarm(operations, queries)).incident_id)


async def test_what_was_sent_is_kept_sealed(
    database: Database, clock: StoppedClock, store: ObjectStore, incident: OfIncident
) -> None:
    """The photo without what it knew of place and device; its parts are gone, and nothing lies in the clear."""
    content = telephone_photo()
    operations, queries = (
        attachments(database, clock, store),
        AttachmentQueries(database, SEAL, store),
    )
    begun = await operations.begin(wanted(incident, content))
    await sent(operations, begun, content)
    attachment_id = begun.upload.attachment_id
    kept = await operations.complete(attachment_id, begun.token)
    again = await operations.complete(attachment_id, begun.token)
    found, given_out = await queries.content(attachment_id, of_reports=False)
    (name,) = await store.names()
    (entry,) = [row for row in await rows(database, tables.timeline) if row.kind == "attached"]

    assert again == kept
    assert found.kept == kept
    assert (found.file_name, found.sent_sha256) == (FILE_NAME, hashlib.sha256(content).digest())
    assert hashlib.sha256(given_out).digest() == kept.sha256
    assert given_out[:3] == b"\xff\xd8\xff"
    assert b"Gia Dinh" not in given_out
    assert name == kept_name(attachment_id)
    assert given_out not in await store.get(name)
    assert "Giả Định" not in await everything(database)
    assert entry.text == "Nhận ảnh đính kèm (image/jpeg, 1 KB)."
    assert entry.actor == "demo-duty-officer"


orders = st.permutations([1, 2, 3]).flatmap(
    lambda whole: st.lists(st.sampled_from([1, 2, 3]), max_size=4).map(
        lambda more: [*more, *whole]
    )
)


async def test_parts_may_come_in_any_order_and_often(
    test_database: TestDatabase,
    clock: StoppedClock,
    open_store: OpenStore,
    incident: OfIncident,
) -> None:
    """Through whichever of several instances; what is missing is told, and the file is whole in the end."""

    async def sends(order: list[int], chosen: random.Random) -> None:
        database = Database.connect(test_database.url)
        async with open_store() as store, open_store() as other:
            replicas = [attachments(database, clock, one) for one in (store, other)]
            begun = await replicas[0].begin(wanted(incident, LONG_PDF))
            attachment_id, seen = begun.upload.attachment_id, set[int]()
            for number in order:
                part = parts_of(LONG_PDF)[number]
                progress = await chosen.choice(replicas).add_part(
                    attachment_id, begun.token, number, part
                )
                seen.add(number)
                assert set(progress.upload.missing) == {1, 2, 3} - seen
            both = await asyncio.gather(
                *(one.complete(attachment_id, begun.token) for one in replicas)
            )
            queries = AttachmentQueries(database, SEAL, store)
            _, content = await queries.content(attachment_id, of_reports=False)
            assert content == LONG_PDF
            assert both[0] == both[1]
        await database.close()

    @settings(
        max_examples=6,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(orders, st.randoms(use_true_random=False))
    def search(order: list[int], chosen: random.Random) -> None:
        with asyncio.Runner() as runner:
            runner.run(sends(order, chosen))

    await asyncio.to_thread(search)


async def test_each_mistake_has_its_error_and_leaves_nothing(
    database: Database, clock: StoppedClock, tmp_path: Path, incident: OfIncident
) -> None:
    """What does not begin has no row; a wrong part is not stored."""
    store = FolderStore(tmp_path)
    operations = attachments(database, clock, store)
    begun = await operations.begin(wanted(incident, LONG_PDF))
    attachment_id, token = begun.upload.attachment_id, begun.token
    part = bytes(PART_BYTES)
    refused = [
        await refusal(operations.begin(wanted(incident, b""))),
        await refusal(operations.begin(wanted(incident, b"x", size=10 * 2**20 + 1))),
        await refusal(operations.begin(wanted(OfIncident(uuid4()), b"x"))),
        await refusal(operations.begin(wanted(OfReport(uuid4()), b"x"))),
        await refusal(operations.add_part(attachment_id, token, 1, b"")),
        await refusal(operations.add_part(attachment_id, token, 3, part)),
        await refusal(operations.add_part(attachment_id, token, 4, part)),
        await refusal(operations.add_part(attachment_id, token, 0, part)),
        await refusal(operations.add_part(attachment_id, "A" * 24, 1, part)),
        await refusal(operations.add_part(uuid4(), token, 1, part)),
        await refusal(operations.progress(attachment_id, "á")),
        await refusal(operations.complete(attachment_id, token)),
        await refusal(operations.complete(attachment_id, "")),
    ]

    assert refused == [
        ("ATTACHMENT_EMPTY", {}),
        ("ATTACHMENT_TOO_LARGE", {"most_bytes": "10485760"}),
        ("INCIDENT_NOT_FOUND", {}),
        ("REPORT_NOT_FOUND", {}),
        ("ATTACHMENT_PART_INVALID", {"part": "1", "bytes": "65536"}),
        ("ATTACHMENT_PART_INVALID", {"part": "3", "bytes": str(len(QUIET_PDF))}),
        ("FIELD_INVALID", {"field": "number"}),
        ("FIELD_INVALID", {"field": "number"}),
        ("ATTACHMENT_NOT_FOUND", {}),
        ("ATTACHMENT_NOT_FOUND", {}),
        ("ATTACHMENT_NOT_FOUND", {}),
        ("ATTACHMENT_INCOMPLETE", {"missing": "1, 2, 3"}),
        ("ATTACHMENT_NOT_FOUND", {}),
    ]
    assert len(await rows(database, tables.attachments)) == 1
    assert await store.names() == frozenset()


async def test_what_was_damaged_on_the_way_is_sent_again(
    database: Database, clock: StoppedClock, tmp_path: Path, incident: OfIncident
) -> None:
    """The parts stay, and the right one takes the place of the wrong one; a lost one is damage too."""
    store = FolderStore(tmp_path)
    operations = attachments(database, clock, store)
    begun = await operations.begin(wanted(incident, LONG_PDF))
    attachment_id, token = begun.upload.attachment_id, begun.token
    await sent(operations, begun, LONG_PDF)
    await operations.add_part(attachment_id, token, 2, b"x" * PART_BYTES)
    damaged = await refusal(operations.complete(attachment_id, token))
    await store.delete(part_name(attachment_id, 2))
    lost = await refusal(operations.complete(attachment_id, token))
    await sent(operations, begun, LONG_PDF, [2])
    kept = await operations.complete(attachment_id, token)
    late = await operations.add_part(attachment_id, token, 1, parts_of(LONG_PDF)[1])

    assert damaged == lost == ("ATTACHMENT_DAMAGED", {})
    assert kept.sha256 == hashlib.sha256(LONG_PDF).digest()
    assert (late.upload.missing, late.upload.state) == ((), UploadState.KEPT)
    assert await store.names() == {kept_name(attachment_id)}


async def test_what_is_refused_is_gone_at_once(
    database: Database, clock: StoppedClock, store: ObjectStore, incident: OfIncident
) -> None:
    """A page in a photo's clothes; a repeat hears the same, and nothing was said of it."""
    operations = attachments(database, clock, store)
    content = photo() + b"<script>alert(1)</script>"
    begun = await operations.begin(wanted(incident, content))
    attachment_id, token = begun.upload.attachment_id, begun.token
    await sent(operations, begun, content)
    refused = [
        await refusal(operations.complete(attachment_id, token)),
        await refusal(operations.complete(attachment_id, token)),
        await refusal(operations.progress(attachment_id, token)),
        await refusal(operations.add_part(attachment_id, token, 1, content)),
    ]
    allowed = "application/pdf, image/jpeg, image/png, image/webp"

    assert refused == [("ATTACHMENT_REFUSED", {"allowed": allowed})] * 4
    assert await store.names() == frozenset()
    assert await rows(database, tables.attachment_parts) == []
    assert "attached" not in [row.kind for row in await rows(database, tables.timeline)]


async def test_a_type_that_is_ended_is_refused(
    database: Database,
    clock: StoppedClock,
    tmp_path: Path,
    test_database: TestDatabase,
    incident: OfIncident,
) -> None:
    """Types are versioned: from the first day of 0 bytes on, and not before."""
    owner = Database.connect(test_database.owner_url)
    day = (clock.now + timedelta(days=2)).date()
    async with owner.transaction() as tx:
        await tx.execute(
            tables.attachment_types.insert().values(
                media_type="application/pdf",
                effective_from=day,
                most_bytes=0,
                source="[own] test",
            )
        )
    await owner.close()
    operations = attachments(database, clock, FolderStore(tmp_path))
    await added(operations, incident, QUIET_PDF)
    clock.advance(3 * 86_400)
    reason, metadata = await refusal(added(operations, incident, QUIET_PDF))

    assert (reason, metadata["allowed"]) == (
        "ATTACHMENT_REFUSED",
        "image/jpeg, image/png, image/webp",
    )


async def test_a_report_has_so_many_and_no_more(
    database: Database, clock: StoppedClock, tmp_path: Path, service: Service
) -> None:
    """Those that are on their way count; several that begin at once cannot pass together."""
    answer = await service.call("CreateReport", report(), "citizen")
    owner = OfReport(UUID(answer.receipt.report_id))
    clock.now = utc_now()
    operations = attachments(database, clock, FolderStore(tmp_path))
    for _ in range(8):
        await operations.begin(wanted(owner, b"x"))
    begun = await asyncio.gather(
        *(operations.begin(wanted(owner, b"x")) for _ in range(4)), return_exceptions=True
    )
    refused = [one for one in begun if isinstance(one, DomainError)]
    clock.advance(24 * 3600 + 1)
    later = await operations.begin(wanted(owner, b"x"))

    assert [one.reason for one in refused] == ["ATTACHMENT_TOO_MANY"] * 2
    assert refused[0].metadata == {"most": "10"}
    assert later.upload.owner == owner


async def test_an_upload_that_stands_still_gives_its_place_where_it_is_wanted(
    database: Database, clock: StoppedClock, store: ObjectStore, service: Service
) -> None:
    """The one that stood still longest, with its parts, and none that goes on; until then it can go on itself."""
    answer = await service.call("CreateReport", report(), "citizen")
    owner = OfReport(UUID(answer.receipt.report_id))
    clock.now = utc_now()
    operations = attachments(database, clock, store)
    still, slow, *_ = [await operations.begin(wanted(owner, LONG_PDF)) for _ in range(10)]
    clock.advance(1)
    await sent(operations, still, LONG_PDF, [1])
    clock.advance(9 * 60)
    await sent(operations, slow, LONG_PDF, [1])
    early = await refusal(operations.begin(wanted(owner, LONG_PDF)))
    clock.advance(60)
    await operations.begin(wanted(owner, LONG_PDF))
    waiting = await operations.progress(still.upload.attachment_id, still.token)
    for _ in range(8):
        await operations.begin(wanted(owner, LONG_PDF))
    left = await store.names()
    full = await refusal(operations.begin(wanted(owner, LONG_PDF)))
    gone = await refusal(operations.progress(still.upload.attachment_id, still.token))
    await sent(operations, slow, LONG_PDF)
    kept = await operations.complete(slow.upload.attachment_id, slow.token)

    assert early == full == ("ATTACHMENT_TOO_MANY", {"most": "10"})
    assert waiting.upload.present == {1}
    assert gone == ("ATTACHMENT_NOT_FOUND", {})
    assert left == {part_name(slow.upload.attachment_id, 1)}
    assert kept.size == len(LONG_PDF)


async def test_a_store_that_fails_delays_and_loses_nothing(
    database: Database, clock: StoppedClock, tmp_path: Path, incident: OfIncident
) -> None:
    """A part that was not stored is missing; once the store is back the upload goes on."""
    (tmp_path / "objects").write_bytes(b"")  # no folder
    store = FolderStore(tmp_path / "objects")
    operations = attachments(database, clock, store)
    begun = await operations.begin(wanted(incident, LONG_PDF))
    attachment_id, token = begun.upload.attachment_id, begun.token
    failed = await refusal(operations.add_part(attachment_id, token, 1, parts_of(LONG_PDF)[1]))
    missing = (await operations.progress(attachment_id, token)).upload.missing
    (tmp_path / "objects").unlink()
    await sent(operations, begun, LONG_PDF)
    (tmp_path / "objects").rename(tmp_path / "away")
    (tmp_path / "objects").write_bytes(b"")
    at_the_end = await refusal(operations.complete(attachment_id, token))
    (tmp_path / "objects").unlink()
    (tmp_path / "away").rename(tmp_path / "objects")
    kept = await operations.complete(attachment_id, token)

    assert failed == at_the_end == ("OBJECT_STORE_UNAVAILABLE", {})
    assert missing == (1, 2, 3)
    assert kept.size == len(LONG_PDF)


async def test_what_is_not_completed_in_time_is_forgotten(
    database: Database, clock: StoppedClock, store: ObjectStore, incident: OfIncident
) -> None:
    """With its parts; what is kept stays, and so does what is still on its way."""
    operations = attachments(database, clock, store)
    abandoned = await operations.begin(wanted(incident, LONG_PDF))
    await sent(operations, abandoned, LONG_PDF, [1, 3])
    kept = await added(operations, incident, QUIET_PDF)
    clock.advance(23 * 3600)
    going_on = await operations.begin(wanted(incident, LONG_PDF))
    await sent(operations, going_on, LONG_PDF, [2])
    early = await operations.forget(), await operations.tidy_store()
    clock.advance(3601)
    late = await operations.forget(), await operations.tidy_store()
    begun = abandoned.upload.attachment_id

    assert early == (0, 0)
    assert late == (1, 2)
    assert await store.names() == {
        kept_name(kept),
        part_name(going_on.upload.attachment_id, 2),
    }
    assert await refusal(operations.progress(begun, abandoned.token)) == (
        "ATTACHMENT_NOT_FOUND",
        {},
    )


async def test_whatever_has_no_row_is_deleted_from_the_store(
    database: Database, clock: StoppedClock, store: ObjectStore, incident: OfIncident
) -> None:
    """What a writer left that was killed between store and database, and what a restored database does not know."""
    operations = attachments(database, clock, store)
    kept = await added(operations, incident, QUIET_PDF)
    begun = await operations.begin(wanted(incident, LONG_PDF))
    on_its_way = begun.upload.attachment_id
    await store.put(kept_name(on_its_way), b"judged, and killed before it was said")
    await store.put(part_name(kept, 1), b"kept, and killed before it was deleted")
    await store.put(kept_name(uuid4()), b"unknown")
    deleted = await operations.tidy_store()

    assert deleted == 2
    assert await store.names() == {kept_name(kept), kept_name(on_its_way)}


async def test_files_go_with_what_they_belong_to(
    database: Database,
    clock: StoppedClock,
    tmp_path: Path,
    service: Service,
    operations: Operations,
    queries: Queries,
) -> None:
    """Of a report once it is forgotten, at that moment; of an incident months after the one that goes on has ended."""
    clock.now = utc_now()
    store = FolderStore(tmp_path)
    files, told = attachments(database, clock, store), AttachmentQueries(database, SEAL, store)
    answer = await service.call("CreateReport", report())
    of_report = await added(files, OfReport(UUID(answer.receipt.report_id)), QUIET_PDF)
    merged, ongoing = [
        (await raise_alarm(operations, queries, device_id=name, premises_id=name)).incident_id
        for name in ("one", "two")
    ]
    of_merged = await added(files, OfIncident(merged), QUIET_PDF)
    columns = tables.incidents.c
    async with database.transaction() as tx:
        await tx.execute(
            update(tables.incidents)
            .where(columns.incident_id == merged)
            .values(
                state="DUPLICATE",
                duplicate_of=ongoing,
                ended_at=clock.now,
                acknowledged_at=clock.now,
                acknowledged_by="demo-duty-officer",
            )
        )
        await tx.execute(
            update(tables.reports).values(
                content_sealed=None,
                forgotten_at=clock.now,
                address="",
                latitude=None,
                longitude=None,
                occurred_at=None,
            )
        )
    at_once = await refusal(told.content(of_report, of_reports=True))
    clock.advance(800 * 86_400)
    while_open = await files.forget()
    async with database.transaction() as tx:
        await tx.execute(
            update(tables.incidents)
            .where(columns.incident_id == ongoing)
            .values(
                state="RESOLVED",
                ended_at=clock.now - timedelta(days=750),
                acknowledged_at=clock.now,
                acknowledged_by="demo-duty-officer",
            )
        )
    after = await files.forget()
    await files.tidy_store()

    assert at_once == ("ATTACHMENT_NOT_FOUND", {})
    assert (while_open, after) == (1, 1)
    assert await refusal(told.content(of_merged, of_reports=True)) == at_once
    assert await store.names() == frozenset()


# ---------------------------------------------------------------- at the running service


def begin(content: bytes, **fields: Any) -> pb.BeginAttachmentRequest:
    """Ask to add a file; every field may be said otherwise."""
    said = {
        "request_id": str(uuid4()),
        "file_name": FILE_NAME,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).digest(),
    }
    return pb.BeginAttachmentRequest(**{**said, **fields})


def proof(receipt: reports_pb2.ReportReceipt) -> pb.ReceiptProof:
    """Show a receipt."""
    return pb.ReceiptProof(number=receipt.number, follow_up_token=receipt.follow_up_token)


async def upload(service: Service, content: bytes, role: str, **owner: Any) -> str:
    """Add a file over gRPC; tell its id."""
    begun = await service.call("BeginAttachment", begin(content, **owner), role)
    named = {
        "attachment_id": begun.progress.attachment_id,
        "upload_token": begun.upload_token,
    }
    for number, part in parts_of(content).items():
        asked = pb.AddAttachmentPartRequest(**named, number=number, content=part)
        await service.call("AddAttachmentPart", asked, role)
    await service.call("CompleteAttachment", pb.CompleteAttachmentRequest(**named), role)
    return str(begun.progress.attachment_id)


async def listed(service: Service, role: str = "duty_officer", **owner: str) -> list[str]:
    """List ids of attachments."""
    told = await service.call("ListAttachments", pb.ListAttachmentsRequest(**owner), role)
    return [one.attachment_id for one in told.attachments]


async def test_whoever_gave_a_tip_can_add_to_it_and_leaves_no_trace(
    service: Service, database: Database
) -> None:
    """No account and no file name is anywhere; they see nothing of what is there, and duty officers do.

    A document is refused: it would tell who wrote it.
    """
    receipt = (await service.call("SubmitTip", tip(), "citizen")).receipt
    first = await upload(service, photo(), "citizen", receipt=proof(receipt))
    second = await upload(service, telephone_photo(), "service", receipt=proof(receipt))
    with pytest.raises(aio.AioRpcError, match=r"\(image/jpeg, image/png, image/webp; "):
        await upload(service, LONG_PDF, "citizen", receipt=proof(receipt))
    wrong = pb.ReceiptProof(number=receipt.number, follow_up_token="A" * 24)
    refused = [
        (await service.refusal(method, asked, "citizen")).reason
        for method, asked in (
            ("BeginAttachment", begin(b"x", receipt=wrong)),
            ("BeginAttachment", begin(b"x", report_id=receipt.report_id)),
            ("ListAttachments", pb.ListAttachmentsRequest(report_id=receipt.report_id)),
            ("DownloadAttachment", pb.DownloadAttachmentRequest(attachment_id=first)),
        )
    ]
    clear = await everything(database)
    found = await listed(service, report_id=receipt.report_id)

    assert refused == ["REPORT_NOT_FOUND", *["ROLE_NOT_ALLOWED"] * 3]
    assert found == [first, second]
    assert {row.added_by for row in await rows(database, tables.attachments)} == {""}
    assert FILE_NAME not in clear
    # But for the looks that were refused.
    records = await rows(database, tables.access_records)
    assert clear.count("demo-citizen") == sum(str(row).count("demo-citizen") for row in records)


async def test_a_tips_files_have_a_request_id_of_their_own(
    database: Database, clock: StoppedClock, tmp_path: Path, service: Service
) -> None:
    """That of the call may stand beside the account in records of other calls."""
    receipt = (await service.call("SubmitTip", tip(), "citizen")).receipt
    clock.now = utc_now()
    store = FolderStore(tmp_path)
    servicer = AttachmentsServicer(
        attachments(database, clock, store), AttachmentQueries(database, SEAL, store)
    )
    context.request_id.set("request-of-the-call")
    context.identity.set(context.Identity("demo-citizen", frozenset({"citizen"}), "token"))
    ignored: Any = None
    picture = photo()
    begun = await servicer.BeginAttachment(begin(picture, receipt=proof(receipt)), ignored)
    named = {"attachment_id": begun.progress.attachment_id, "upload_token": begun.upload_token}
    await servicer.AddAttachmentPart(
        pb.AddAttachmentPartRequest(**named, number=1, content=picture), ignored
    )
    await servicer.CompleteAttachment(pb.CompleteAttachmentRequest(**named), ignored)
    clear = await everything(database)

    assert "request-of-the-call" not in clear
    assert "demo-citizen" not in clear
    assert context.request_id.get() == "request-of-the-call"


async def test_each_look_is_recorded_and_reports_are_for_duty_officers(
    service: Service, database: Database
) -> None:
    """Others see what officers added to the incident itself; a citizen's photo is what a report says."""
    answer = await service.call("CreateReport", report())
    owner = {"incident_id": answer.incident_id}
    of_report = await upload(service, photo(), "citizen", receipt=proof(answer.receipt))
    of_incident = await upload(service, QUIET_PDF, "responder", **owner)
    seen = await listed(service, **owner), await listed(service, "responder", **owner)
    hidden = await service.refusal(
        "DownloadAttachment", pb.DownloadAttachmentRequest(attachment_id=of_report), "responder"
    )
    given_out = await service.call(
        "DownloadAttachment", pb.DownloadAttachmentRequest(attachment_id=of_report)
    )
    records = await rows(database, tables.access_records, "recorded_at")
    looks = [(one.method.rpartition("/")[2], one.subject, one.outcome) for one in records]

    assert seen == ([of_report, of_incident], [of_incident])
    assert hidden.reason == "ATTACHMENT_NOT_FOUND"
    assert given_out.document.media_type == "image/jpeg"
    assert given_out.document.file_name == FILE_NAME
    assert given_out.document.etag == ""
    assert looks == [
        ("ListAttachments", f"attachments of incident:{answer.incident_id}", "OK"),
        ("ListAttachments", f"attachments of incident:{answer.incident_id}", "OK"),
        ("DownloadAttachment", f"attachment:{of_report}", "ATTACHMENT_NOT_FOUND"),
        ("DownloadAttachment", f"attachment:{of_report}", "OK"),
    ]
    assert records[-1].reference == answer.receipt.number
    assert set(records[-1].fields) == {"content", "file_name"}


async def test_files_stay_reachable_when_incidents_are_merged_and_reports_split_off(
    service: Service,
) -> None:
    """With the incident that goes on; a report takes its own along."""
    first, second = [await service.call("CreateReport", report()) for _ in range(2)]
    joined = await service.call("CreateReport", report(incident_id=second.incident_id))
    own = await upload(service, QUIET_PDF, "duty_officer", incident_id=first.incident_id)
    of_first = await upload(service, photo(), "citizen", receipt=proof(first.receipt))
    of_joined = await upload(service, photo(), "duty_officer", report_id=joined.receipt.report_id)
    await service.call(
        "MergeIncident",
        lifecycle_pb2.MergeIncidentRequest(
            incident_id=first.incident_id,
            into_incident_id=second.incident_id,
            request_id=str(uuid4()),
            reason="cùng một việc",
        ),
    )
    merged = await listed(service, incident_id=second.incident_id)
    late = await upload(service, QUIET_PDF, "citizen", receipt=proof(first.receipt))
    split = await service.call(
        "SplitIncident",
        lifecycle_pb2.SplitIncidentRequest(
            incident_id=second.incident_id,
            request_id=str(uuid4()),
            report_ids=[joined.receipt.report_id],
            reason="việc khác",
        ),
    )
    read = await service.call(
        "GetIncident", incidents_pb2.GetIncidentRequest(incident_id=second.incident_id)
    )

    assert merged == [own, of_first, of_joined]
    assert await listed(service, incident_id=second.incident_id) == [own, of_first, late]
    assert await listed(service, incident_id=split.split_off.incident_id) == [of_joined]
    attached = [one.text for one in read.timeline if one.kind == "attached"]
    assert f"của tin {first.receipt.number}" in attached[-1]


async def test_to_begin_again_gives_the_same_upload(service: Service) -> None:
    """As long as it is the same file; another one under the same request id is refused."""
    answer = await service.call("CreateReport", report())
    asked = begin(LONG_PDF, incident_id=answer.incident_id)
    begun = await service.call("BeginAttachment", asked)
    named = {
        "attachment_id": begun.progress.attachment_id,
        "upload_token": begun.upload_token,
    }
    part = pb.AddAttachmentPartRequest(**named, number=2, content=parts_of(LONG_PDF)[2])
    await service.call("AddAttachmentPart", part)
    again = await service.call("BeginAttachment", asked)
    told = await service.call("GetAttachmentProgress", pb.GetAttachmentProgressRequest(**named))
    other = begin(b"other", incident_id=answer.incident_id, request_id=asked.request_id)
    refused = await service.refusal("BeginAttachment", other)

    assert again.upload_token == begun.upload_token
    assert list(again.progress.missing) == list(told.progress.missing) == [1, 3]
    assert (told.progress.parts, told.progress.part_bytes) == (3, PART_BYTES)
    assert refused.reason == "REQUEST_ID_REUSED"


NOT_ALLOWED: list[tuple[Callable[[str], pb.BeginAttachmentRequest], str, str]] = [
    (lambda _: begin(b"x"), "citizen", "ROLE_NOT_ALLOWED"),
    (lambda _: begin(b"x"), "duty_officer", "FIELD_INVALID"),
    (lambda one: begin(b"x", incident_id=one), "citizen", "ROLE_NOT_ALLOWED"),
    (lambda one: begin(b"x", incident_id=one), "group_head", "ROLE_NOT_ALLOWED"),
    (lambda one: begin(b"x", incident_id=one, sha256=b"x"), "duty_officer", "FIELD_INVALID"),
    (lambda one: begin(b"x", incident_id=one, request_id="x"), "duty_officer", "FIELD_INVALID"),
    (lambda _: begin(b"x", report_id="x"), "duty_officer", "REPORT_NOT_FOUND"),
    (lambda _: begin(b"x", report_id=str(UUID(int=1))), "responder", "ROLE_NOT_ALLOWED"),
]


async def test_what_a_form_does_not_allow_is_refused(service: Service, database: Database) -> None:
    """By whoever calls, and by field; nothing is stored of it."""
    answer = await service.call("CreateReport", report())
    reasons = [
        (await service.refusal("BeginAttachment", make(answer.incident_id), role)).reason
        for make, role, _ in NOT_ALLOWED
    ]

    assert reasons == [reason for _, _, reason in NOT_ALLOWED]
    assert await rows(database, tables.attachments) == []


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("ảnh 1.jpg", "ảnh 1.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Giả Định\\ảnh.jpg", "ảnh.jpg"),
        ("a\x00b\r\nc.jpg", "abc.jpg"),
        ("ảnh\u202egpj.exe", "ảnhgpj.exe"),
        ('"><script>.jpg', "script.jpg"),
        ("a\u0309nh.jpg", "ảnh.jpg"),
        ("...", "tep-dinh-kem"),
        ("", "tep-dinh-kem"),
        ("a" * 300, "a" * 200),
    ],
)
def test_a_file_name_is_only_a_name(told: str, name: str) -> None:
    """Without folders, controls, and marks that turn the direction of writing."""
    assert clean_name(told) == name
