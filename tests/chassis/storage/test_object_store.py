"""Object stores: the same of a folder and of a bucket of the broker."""

import asyncio
import resource
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nats.js.errors import NotFoundError

from chassis.broker import jetstream
from chassis.storage.object_store import (
    BucketStore,
    FolderStore,
    ObjectMissingError,
    ObjectStore,
    ObjectStoreFullError,
    ObjectStoreUnavailableError,
)
from stack.nats_server import NatsServer
from stack.stream_copies import copy_streams, restore_streams
from tests.fixtures.object_stores import OpenStore, opened_bucket
from tests.fixtures.servers import folder

pytestmark = pytest.mark.nats

MEBIBYTE = 2**20
NAMES = [f"{UUID(int=number)}.{number}" for number in range(3)]
# A writer that is killed while it writes: each object is its number, a million times.
WRITER = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from chassis.broker import jetstream
from chassis.storage.object_store import BucketStore, FolderStore

async def main(kind, place, name):
    if kind == "folder":
        store = FolderStore(Path(place))
    else:
        client = await jetstream.connect(place, "writer")
        store = BucketStore(client.jetstream(timeout=2), name, 64 * 2**20)
    for number in range(12):
        await store.put(f"{UUID(int=number)}.{number}", bytes([number]) * 1_000_000)
        print(number, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_is_put_is_given_whole_until_it_is_replaced_or_deleted(
    store: ObjectStore,
) -> None:
    """An empty object too; to delete what is not there is nothing, to ask for it an error."""
    name, other = f"{uuid4()}.1", f"{uuid4()}.kept"
    large = bytes(range(256)) * 8192
    none = await store.names()
    await store.put(name, b"first")
    await store.put(name, large)
    await store.put(other, b"")
    named = await store.names()
    given_back = await store.get(name), await store.get(other)
    await store.delete(name)
    await store.delete(name)

    assert none == frozenset()
    assert named == {name, other}
    assert given_back == (large, b"")
    assert await store.names() == {other}
    with pytest.raises(ObjectMissingError):
        await store.get(name)


async def test_a_name_leads_nowhere_else(store: ObjectStore) -> None:
    """Names are an id and what of it; anything else is a mistake of the program."""
    for name in (
        "../x",
        "a/b",
        "",
        "x",
        f"{uuid4()}",
        f"{uuid4()}.A",
        f"{uuid4()}.1/2",
        "x" * 200,
    ):
        for work in (store.put(name, b""), store.get(name), store.delete(name)):
            with pytest.raises(ValueError, match="an id, a dot"):
                await work
    assert await store.names() == frozenset()


steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "delete", "get"]), st.sampled_from(NAMES), st.binary(max_size=9)
    ),
    max_size=12,
)


async def test_a_store_is_what_a_plain_dictionary_would_be(open_store: OpenStore) -> None:
    """Whatever is put, replaced, deleted and asked for, in whatever order."""

    async def agree(wanted: list[tuple[str, str, bytes]]) -> None:
        model: dict[str, bytes] = {}
        async with open_store() as store:
            for act, name, content in wanted:
                if act == "put":
                    await store.put(name, content)
                    model[name] = content
                elif act == "delete":
                    await store.delete(name)
                    model.pop(name, None)
                elif name in model:
                    assert await store.get(name) == model[name]
            assert {name: await store.get(name) for name in await store.names()} == model
            for name in model:
                await store.delete(name)

    @settings(
        max_examples=10,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps)
    def search(wanted: list[tuple[str, str, bytes]]) -> None:
        with asyncio.Runner() as runner:
            runner.run(agree(wanted))

    await asyncio.to_thread(search)


@contextmanager
def small_disk() -> Generator[None]:
    """Let no file of this process grow beyond a mebibyte, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@asynccontextmanager
async def small_store(kind: str, server: NatsServer, place: Path) -> AsyncGenerator[ObjectStore]:
    """Give a store with room for a mebibyte."""
    if kind == "folder":
        with small_disk():
            yield FolderStore(place)
        return
    async with opened_bucket(server.url, f"SMALL_{uuid4().hex}", MEBIBYTE) as store:
        yield store


@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_a_full_store_says_so_and_keeps_nothing_of_what_has_no_room(
    kind: str, module_nats: NatsServer, tmp_path: Path
) -> None:
    """What was there stays, and smaller things are still taken."""
    before, too_large, after = (f"{uuid4()}.1" for _ in range(3))
    async with small_store(kind, module_nats, tmp_path) as store:
        await store.put(before, b"before")
        with pytest.raises(ObjectStoreFullError):
            await store.put(too_large, b"x" * 2 * MEBIBYTE)
        await store.put(after, b"after")

        assert await store.names() == {before, after}
        assert await store.get(before) == b"before"
        with pytest.raises(ObjectMissingError):
            await store.get(too_large)


async def test_a_store_that_is_away_says_so(module_nats: NatsServer, tmp_path: Path) -> None:
    """A folder that is none, a broker that nobody is connected with; each as one error."""
    (tmp_path / "file").write_bytes(b"")
    async with opened_bucket(module_nats.url, "AWAY") as bucket:
        pass  # and the connection is closed
    name = f"{uuid4()}.1"

    for store in (FolderStore(tmp_path / "file" / "below"), bucket):
        with pytest.raises(ObjectStoreUnavailableError):
            await store.put(name, b"x")


async def test_a_bucket_is_made_for_what_is_put_and_not_by_a_look(module_nats: NatsServer) -> None:
    """A ward that sends no photos has none."""
    client = await jetstream.connect(module_nats.url, "tests")
    store = BucketStore(client.jetstream(timeout=2), "NEVER", MEBIBYTE)
    looked = await store.names()
    await store.remove_remains()
    with pytest.raises(NotFoundError):
        await client.jetstream().stream_info("OBJ_NEVER")
    await client.close()

    assert looked == frozenset()


async def test_a_bucket_that_was_lost_is_made_again(module_nats: NatsServer) -> None:
    """A broker with a new disk: what was there is gone, and what comes is kept."""
    client = await jetstream.connect(module_nats.url, "tests")
    stream = client.jetstream(timeout=2)
    store, name = BucketStore(stream, "LOST", MEBIBYTE), f"{uuid4()}.1"
    await store.put(name, b"before")
    await stream.delete_stream("OBJ_LOST")
    with pytest.raises(ObjectStoreUnavailableError):
        await store.put(name, b"lost")
    await store.put(name, b"after")
    kept = await store.get(name)
    await client.close()

    assert kept == b"after"


@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_a_writer_that_is_killed_leaves_nothing_half(
    kind: str, module_nats: NatsServer, tmp_path: Path
) -> None:
    """Each object is there whole or not at all, and what was unfinished is gone the second time one looks."""
    name = f"KILLED_{uuid4().hex}"
    place = str(tmp_path) if kind == "folder" else module_nats.url
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, kind, place, name, stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    for _ in range(3):
        await writer.stdout.readline()
    writer.kill()
    await writer.wait()
    async with opened_bucket(module_nats.url, name) as bucket:
        store = FolderStore(tmp_path) if kind == "folder" else bucket
        named = await store.names()
        for one in named:
            assert await store.get(one) == bytes([int(one.partition(".")[2])]) * 1_000_000
        await store.remove_remains()
        await store.remove_remains()

        assert 3 <= len(named) <= 12
        assert await store.names() == named
    if kind == "folder":
        assert files_of(tmp_path) == named
    else:
        assert await messages_of(module_nats, name) == 3 * len(named)


async def test_remains_are_removed_when_they_are_seen_a_second_time(
    module_nats: NatsServer, tmp_path: Path
) -> None:
    """The first time they may be of a writer that still writes."""
    store, beside = FolderStore(tmp_path), tmp_path / f"{NAMES[0]}.x.unfinished"
    await store.put(NAMES[1], b"kept")
    beside.write_bytes(b"half")
    await store.remove_remains()
    waited = beside.exists()
    await store.remove_remains()
    client = await jetstream.connect(module_nats.url, "tests")
    bucket = BucketStore(client.jetstream(timeout=2), "REMAINS", MEBIBYTE)
    await bucket.put(NAMES[1], b"kept")
    await client.jetstream().publish("$O.REMAINS.C.half", b"half")
    left = []
    for _ in range(2):
        await bucket.remove_remains()
        left.append(await messages_of(module_nats, "REMAINS"))
    kept = await bucket.get(NAMES[1])
    await client.close()

    assert waited
    assert files_of(tmp_path) == {NAMES[1]}
    assert left == [3, 2]
    assert kept == b"kept"


async def test_a_bucket_goes_with_a_backup_of_the_streams(
    module_nats: NatsServer, scratch: Path, tmp_path: Path
) -> None:
    """It is one of them: copied while the broker works, and given back to one that is empty."""
    async with opened_bucket(module_nats.url, "BACKED_UP") as store:
        await store.put(NAMES[0], b"x" * MEBIBYTE)
    client = await jetstream.connect(module_nats.url, "backup")
    await copy_streams(client, tmp_path)
    await client.close()
    with folder(scratch) as made:
        empty = NatsServer(made)
        empty.start()
        client = await jetstream.connect(empty.url, "restore")
        await restore_streams(client, tmp_path)
        restored = BucketStore(client.jetstream(timeout=2), "BACKED_UP", 64 * MEBIBYTE)
        content = await restored.get(NAMES[0])
        await client.close()
        empty.stop()

    assert content == b"x" * MEBIBYTE


def files_of(place: Path) -> set[str]:
    """Name what a folder really holds."""
    return {file.name for file in place.iterdir()}


async def messages_of(server: NatsServer, bucket: str) -> int:
    """Count what the broker really holds for a bucket."""
    client = await jetstream.connect(server.url, "tests")
    state = (await client.jetstream().stream_info(f"OBJ_{bucket}")).state
    await client.close()
    return state.messages
