"""Where objects lie that are too large for rows: a bucket of the broker, or a folder. One is there as a whole or not.

Names are an id, a dot and what of it, in small letters, digits and hyphens: they say nothing of what an object is.
Whoever stores here seals first; a store keeps bytes.
"""

import asyncio
import base64
import errno
import os
import re
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Protocol

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ObjectInfo, ObjectMeta, ObjectMetaOptions
from nats.js.errors import APIError, BucketNotFoundError, NotFoundError, ObjectNotFoundError
from nats.js.object_store import ObjectStore as Bucket

from chassis.errors import DomainError

# How large a bucket may become, unless settings say otherwise.
MOST_BYTES = 4 * 2**30

_NAME = re.compile(r"[0-9a-f-]{36}\.[a-z0-9]{1,20}")
_TIMEOUT_S = 20.0
# Well below what the broker takes in one message (2 MB), and few enough acknowledgements for ten megabytes.
_CHUNK_BYTES = 512 * 1024
# What the broker says where a bucket has no room: the bucket's bound, its server's, or its disk.
_FULL = frozenset({10023, 10047, 10077})
_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_UNFINISHED = ".unfinished"


class ObjectStoreFullError(DomainError):
    """There is no room for another object; nothing of it was kept."""

    reason = "OBJECT_STORE_FULL"


class ObjectStoreUnavailableError(DomainError):
    """The store cannot be reached or fails."""

    reason = "OBJECT_STORE_UNAVAILABLE"


class ObjectMissingError(Exception):
    """There is no object of this name."""


class ObjectStore(Protocol):
    """Keeps objects by name. Every method raises ObjectStoreUnavailableError; what it was about is then not known."""

    async def put(self, name: str, content: bytes) -> None:
        """Store an object durably, in the place of one of this name; raises ObjectStoreFullError."""

    async def get(self, name: str) -> bytes:
        """Give an object; raises ObjectMissingError."""

    async def delete(self, name: str) -> None:
        """Delete an object, if it is there."""

    async def names(self) -> frozenset[str]:
        """Name all objects."""

    async def remove_remains(self) -> None:
        """Remove what writers left that were killed: what was unfinished at the last call, and still is."""


def _checked(name: str) -> str:
    """Refuse a name that could lead elsewhere; names are made by programs, so this is no one's input."""
    if not _NAME.fullmatch(name):
        raise ValueError("a name of an object is an id, a dot, and small letters or digits")
    return name


class FolderStore:
    """Keeps objects as files of one folder, which all instances of a service share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished: frozenset[str] = frozenset()

    async def put(self, name: str, content: bytes) -> None:
        """Write a file beside and give it its name once it is on the disk."""
        async with _of_folder():
            await asyncio.to_thread(self._put, _checked(name), content)

    async def get(self, name: str) -> bytes:
        """Read a file."""
        async with _of_folder():
            try:
                return await asyncio.to_thread((self._folder / _checked(name)).read_bytes)
            except FileNotFoundError as error:
                raise ObjectMissingError from error

    async def delete(self, name: str) -> None:
        """Delete a file."""
        async with _of_folder():
            await asyncio.to_thread(self._delete, _checked(name))

    async def names(self) -> frozenset[str]:
        """Name the finished files, and none that others may have in the folder."""
        return frozenset(name for name in await self._files() if _NAME.fullmatch(name))

    async def remove_remains(self) -> None:
        """Remove files that got no name."""
        files = await self._files()
        unfinished = frozenset(name for name in files if name.endswith(_UNFINISHED))
        async with _of_folder():
            for name in unfinished & self._unfinished:
                await asyncio.to_thread(self._delete, name)
        self._unfinished = unfinished

    async def _files(self) -> list[str]:
        async with _of_folder():
            return await asyncio.to_thread(self._list)

    def _put(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(_UNFINISHED, f"{name}.", self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(self._folder / name)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        self._sync()

    def _delete(self, name: str) -> None:
        if self._folder.is_dir():
            (self._folder / name).unlink(missing_ok=True)
            self._sync()

    def _list(self) -> list[str]:
        return [file.name for file in self._folder.iterdir()] if self._folder.is_dir() else []

    def _sync(self) -> None:
        """Have the names on the disk too, not only the files."""
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@asynccontextmanager
async def _of_folder() -> AsyncGenerator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise ObjectStoreFullError from error
        raise ObjectStoreUnavailableError from error


class BucketStore:
    """Keeps objects in an object store of the broker (JetStream), which is made when something is first put into it.

    `most_bytes` bounds it, so that files never take the room of alarms; `replicas` is on how many servers it is kept.
    """

    def __init__(
        self, jetstream: JetStreamContext, name: str, most_bytes: int, replicas: int = 1
    ) -> None:
        self._jetstream = jetstream
        self._name = name
        self._most_bytes = most_bytes
        self._replicas = replicas
        self._bucket: Bucket | None = None
        self._unfinished: frozenset[str] = frozenset()

    async def put(self, name: str, content: bytes) -> None:
        """Store the object's chunks, then under its name where they are."""
        pieces = ObjectMeta(options=ObjectMetaOptions(max_chunk_size=_CHUNK_BYTES))
        async with self._opened() as bucket:
            await bucket.put(_checked(name), content, meta=pieces)

    async def get(self, name: str) -> bytes:
        """Give an object; the client compares its SHA-256."""
        async with self._opened() as bucket:
            try:
                return bytes((await bucket.get(_checked(name))).data or b"")
            except ObjectNotFoundError as error:
                raise ObjectMissingError from error

    async def delete(self, name: str) -> None:
        """Delete an object, and that there was one: the broker would keep a word on it for ever."""
        async with self._opened() as bucket:
            with suppress(ObjectNotFoundError):
                await bucket.delete(_checked(name))
            encoded = base64.urlsafe_b64encode(name.encode()).decode()
            await self._purge(f"$O.{self._name}.M.{encoded}")

    async def names(self) -> frozenset[str]:
        """Name the objects, those too of which only the word on them is left."""
        return frozenset(told.name for told in await self._told())

    async def remove_remains(self) -> None:
        """Remove chunks that no object has."""
        if not await self._is_there():
            return
        async with self._opened():
            filtered = f"$O.{self._name}.C.>"
            # Before the names: what is finished in between is in both.
            there = (await self._jetstream.stream_info(f"OBJ_{self._name}", filtered)).state
        named = {f"$O.{self._name}.C.{told.nuid}" for told in await self._told()}
        unfinished = frozenset(there.subjects or {}) - named
        async with self._opened():
            for subject in unfinished & self._unfinished:
                await self._purge(subject)
        self._unfinished = unfinished

    async def _told(self) -> list[ObjectInfo]:
        if not await self._is_there():
            return []
        async with self._opened() as bucket:
            try:
                return await bucket.list()
            except NotFoundError:
                return []

    async def _purge(self, subject: str) -> None:
        await self._jetstream.purge_stream(f"OBJ_{self._name}", subject=subject)

    async def _is_there(self) -> bool:
        """Tell whether the bucket was made: to look at what is in it makes none."""
        async with self._reached():
            try:
                self._bucket = self._bucket or await self._jetstream.object_store(self._name)
            except BucketNotFoundError:
                return False
        return True

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[Bucket]:
        async with self._reached():
            if self._bucket is None:
                self._bucket = await self._made()
            yield self._bucket

    @asynccontextmanager
    async def _reached(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                yield
        except (OSError, TimeoutError, NatsError) as error:
            self._bucket = None
            if isinstance(error, APIError) and error.err_code in _FULL:
                raise ObjectStoreFullError from error
            raise ObjectStoreUnavailableError from error

    async def _made(self) -> Bucket:
        """Open the bucket, or make it."""
        try:
            return await self._jetstream.object_store(self._name)
        except BucketNotFoundError:
            return await self._jetstream.create_object_store(
                self._name, max_bytes=self._most_bytes, replicas=self._replicas
            )
