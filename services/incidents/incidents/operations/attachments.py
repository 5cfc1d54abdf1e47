"""Photos and files: taken in by parts, judged, kept sealed, and forgotten.

A row comes before its objects and goes before them: whatever lies in the store without one is deleted.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

from chassis.clock import Clock, ward_day
from chassis.storage import idempotency
from chassis.storage.database import Database, Transaction
from chassis.storage.object_store import (
    ObjectMissingError,
    ObjectStore,
    ObjectStoreUnavailableError,
)
from chassis.storage.outbox import Relay
from incidents import tables
from incidents.domain.attachments.attachment import (
    AttachmentDamagedError,
    AttachmentIncompleteError,
    AttachmentNotFoundError,
    AttachmentRefusedError,
    AttachmentTooLargeError,
    AttachmentWanted,
    Kept,
    OfIncident,
    Owner,
    Progress,
    ReceiptShown,
    Rules,
    Upload,
    UploadState,
    attachment_of,
    kept_name,
    part_name,
)
from incidents.domain.attachments.media import IMAGES, UnreadableError, judged
from incidents.domain.attachments.photos import without_metadata
from incidents.domain.reports.sealing import AttachmentSeal
from incidents.repository.attachments import (
    add_part,
    add_upload,
    forget_attachments,
    keep_upload,
    kept_of,
    load_upload,
    lock_report,
    make_room,
    objects_wanted,
    ongoing_incident_of,
    refuse_upload,
    rules_for,
)
from incidents.repository.incidents import lock_incident, save_change

# How many objects are asked for at a time, and attachments looked up.
_AT_ONCE = 8
_LOOKED_UP = 1000

Result = TypeVar("Result")


class AttachmentOperations:
    """Takes photos and files in."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        clock: Clock,
        seal: AttachmentSeal,
        store: ObjectStore,
        ward_code: str,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._relay = relay
        self._clock = clock
        self._seal = seal
        self._store = store
        self._ward_code = ward_code
        self._new_id = new_id
        self._completing: dict[UUID, asyncio.Task[Kept]] = {}
        # A decoded photo takes up to 75 MB and is turned in a copy, and the same process deals with alarms.
        self._one_at_a_time = asyncio.Lock()

    async def begin(self, wanted: AttachmentWanted) -> Progress:
        """Begin an upload; a repeat gets it again.

        Where there is no room, one that has stood still for long gives its place and is forgotten.
        Raises AttachmentEmptyError, AttachmentTooLargeError, AttachmentTooManyError, RequestIdReusedError, and
        ReportNotFoundError, IncidentNotFoundError or IncidentClosedError.
        """
        now, attachment_id = self._clock(), self._new_id()
        async with self._database.transaction() as tx:
            first = await idempotency.claim(
                tx,
                tables.requests,
                account=wanted.account,
                request_id=wanted.request_id,
                digest=self._seal.fingerprint(wanted.digest),
                resource_id=str(attachment_id),
                now=now,
            )
            if first is not None:
                return self._told(await load_upload(tx, UUID(first), now))
            owner = await self._owner(tx, wanted.owner)
            rules = await rules_for(tx, owner, ward_day(now))
            rules.check_size(wanted.size)
            displaced = await make_room(tx, owner, rules, now)
            upload = Upload(
                attachment_id=attachment_id,
                owner=owner,
                added_by=wanted.account,
                state=UploadState.UPLOADING,
                size=wanted.size,
                sha256=wanted.sha256,
                expires_at=now + timedelta(hours=rules.upload_hours),
            )
            sealed_name = self._seal.seal_file_name(wanted.file_name, attachment_id)
            await add_upload(tx, upload, sealed_name, now)
        if displaced:
            await self._drop_parts(displaced)
        return self._told(upload)

    async def add_part(
        self, attachment_id: UUID, token: str, number: int, content: bytes
    ) -> Progress:
        """Take a part in: it counts once it is stored. After the end a late repeat changes nothing.

        Raises AttachmentNotFoundError, AttachmentRefusedError, AttachmentPartInvalidError, ObjectStoreFullError or
        ObjectStoreUnavailableError.
        """
        upload = await self._begun(attachment_id, token)
        upload.check_part(number, content)
        if upload.state is UploadState.KEPT:
            return self._told(upload)
        name = part_name(attachment_id, number)
        await self._store.put(name, self._seal.seal(content, name))
        async with self._database.transaction() as tx:
            now = self._clock()
            upload = await load_upload(tx, attachment_id, now, lock=True)
            if upload.state is UploadState.UPLOADING:
                await add_part(tx, attachment_id, number, now)
        return self._told(upload.with_part(number))

    async def progress(self, attachment_id: UUID, token: str) -> Progress:
        """Tell how far an upload is; raises AttachmentNotFoundError or AttachmentRefusedError."""
        return self._told(await self._begun(attachment_id, token))

    async def complete(self, attachment_id: UUID, token: str) -> Kept:
        """Judge and keep what has come; a repeat gets the same.

        Whoever asks may go, and who asks again meanwhile waits for the same: large photos take longer than a call.
        Raises AttachmentNotFoundError, AttachmentIncompleteError, AttachmentDamagedError, AttachmentRefusedError,
        AttachmentTooLargeError, ObjectStoreFullError or ObjectStoreUnavailableError.
        """
        self._require_begun(attachment_id, token)
        completing = self._completing.get(attachment_id)
        if completing is None:
            completing = asyncio.create_task(self._complete(attachment_id))
            self._completing[attachment_id] = completing
            completing.add_done_callback(lambda done: self._completed(attachment_id, done))
        return await asyncio.shield(completing)

    async def forget(self) -> int:
        """Forget what took too long, and what belongs to reports and incidents whose time is over; tell how many."""
        now = self._clock()
        async with self._database.transaction() as tx:
            return await forget_attachments(tx, now, ward_day(now))

    async def tidy_store(self) -> int:
        """Delete what lies in the store and belongs to nothing any more; tell how many objects.

        That is what was forgotten, what killed writers left, and what a restored database does not know. Raises
        ObjectStoreUnavailableError.
        """
        # The names first: of each the row was there before.
        names = sorted(await self._store.names())
        unwanted: list[str] = []
        for first in range(0, len(names), _LOOKED_UP):
            unwanted += await self._unwanted(names[first : first + _LOOKED_UP])
        await _in_turn(map(self._store.delete, unwanted))
        await self._store.remove_remains()
        return len(unwanted)

    async def _begun(self, attachment_id: UUID, token: str) -> Upload:
        self._require_begun(attachment_id, token)
        now = self._clock()
        async with self._database.transaction() as tx:
            upload = await load_upload(tx, attachment_id, now)
            if upload.state is UploadState.REFUSED:
                rules = await rules_for(tx, upload.owner, ward_day(now))
                raise AttachmentRefusedError(rules.types)
            return upload

    def _require_begun(self, attachment_id: UUID, token: str) -> None:
        """Answer whoever has not begun the upload as if there were none."""
        if not self._seal.has_begun(attachment_id, token):
            raise AttachmentNotFoundError

    async def _owner(self, tx: Transaction, shown: Owner | ReceiptShown) -> Owner:
        if isinstance(shown, OfIncident):
            (await lock_incident(tx, shown.incident_id)).require_open()
            return shown
        return await lock_report(tx, shown, self._ward_code)

    def _told(self, upload: Upload) -> Progress:
        return Progress(upload, self._seal.upload_token(upload.attachment_id))

    def _completed(self, attachment_id: UUID, done: asyncio.Task[Kept]) -> None:
        del self._completing[attachment_id]
        if not done.cancelled():
            done.exception()  # told to whoever still waits, if anybody does

    async def _complete(self, attachment_id: UUID) -> Kept:
        """Complete an upload under the lock of its row, for which other instances wait; delete its parts behind."""
        now = self._clock()
        async with self._one_at_a_time, self._database.transaction() as tx:
            upload = await load_upload(tx, attachment_id, now, lock=True)
            rules = await rules_for(tx, upload.owner, ward_day(now))
            kept = await self._kept(tx, upload, rules, now)
        self._relay.wake()
        if upload.state is UploadState.UPLOADING:
            await self._drop_parts(upload)
        if kept is None:
            raise AttachmentRefusedError(rules.types)
        return kept

    async def _kept(
        self, tx: Transaction, upload: Upload, rules: Rules, now: datetime
    ) -> Kept | None:
        """Keep what has come, unless that is done; None where it is refused."""
        if upload.state is UploadState.KEPT:
            return await kept_of(tx, upload.attachment_id)
        if upload.state is UploadState.REFUSED:
            return None
        if upload.missing:
            raise AttachmentIncompleteError(upload.missing)
        content = await self._gathered(upload)
        try:
            media_type, clean = await asyncio.to_thread(_clean, content, rules)
        except UnreadableError:
            await refuse_upload(tx, upload.attachment_id)
            return None
        name = kept_name(upload.attachment_id)
        await self._store.put(name, self._seal.seal(clean, name))
        kept = Kept(media_type, len(clean), hashlib.sha256(clean).digest())
        await keep_upload(tx, upload.attachment_id, kept, now)
        await _note(tx, upload, kept, now)
        return kept

    async def _gathered(self, upload: Upload) -> bytes:
        """Put the parts together; raises AttachmentDamagedError where they are not what was said."""
        try:
            parts = await _in_turn(map(self._opened, upload.part_names))
        except ObjectMissingError as error:
            raise AttachmentDamagedError from error
        content = b"".join(parts)
        if hashlib.sha256(content).digest() != upload.sha256:
            raise AttachmentDamagedError
        return content

    async def _opened(self, name: str) -> bytes:
        return self._seal.open(await self._store.get(name), name)

    async def _drop_parts(self, upload: Upload) -> None:
        """Delete parts that nobody needs; what is not reached now is tidied up later."""
        with suppress(ObjectStoreUnavailableError):
            await _in_turn(map(self._store.delete, upload.part_names))

    async def _unwanted(self, names: list[str]) -> list[str]:
        ids = set(map(attachment_of, names))
        async with self._database.transaction() as tx:
            wanted = await objects_wanted(tx, ids)
        return [name for name in names if not _is_wanted(name, wanted)]


def _clean(content: bytes, rules: Rules) -> tuple[str, bytes]:
    """Judge a file and give what of it may be kept; raises UnreadableError or AttachmentTooLargeError."""
    media_type = judged(content)
    most_bytes = rules.types.get(media_type)
    if most_bytes is None:
        raise UnreadableError
    if media_type in IMAGES:
        content = without_metadata(content, media_type, rules.pixels)
    if len(content) > most_bytes:
        raise AttachmentTooLargeError(most_bytes)
    return media_type, content


async def _note(tx: Transaction, upload: Upload, kept: Kept, now: datetime) -> None:
    """Have the incident's timeline tell that something was added."""
    incident_id, number = await ongoing_incident_of(tx, upload.owner)
    incident = await lock_incident(tx, incident_id)
    change = incident.attached(kept.media_type, kept.size, number, upload.added_by, now)
    await save_change(tx, change)


def _is_wanted(name: str, wanted: Mapping[UUID, bool]) -> bool:
    """Tell whether an object is wanted: of what is kept only that, of what is on its way all."""
    attachment_id = attachment_of(name)
    is_kept = wanted.get(attachment_id)
    return is_kept is not None and (not is_kept or name == kept_name(attachment_id))


async def _in_turn(works: Iterable[Awaitable[Result]]) -> list[Result]:
    """Do works a few at a time; give their results in order, or raise the first error."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def placed(work: Awaitable[Result]) -> Result:
        async with places:
            return await work

    return await asyncio.gather(*map(placed, works))
