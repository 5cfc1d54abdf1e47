"""The chain in the database: appended in one order by many, walked, witnessed, and shortened by the law."""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from nats.aio.client import Client
from nats.js.errors import APIError
from prometheus_client import REGISTRY
from sqlalchemy import MetaData, select, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from chassis import context
from chassis.account import access_account, access_schema, witness
from chassis.account.access_account import Expiry, LimitMissingError, PositionUnknownError
from chassis.account.access_chain import (
    START,
    AccessRecord,
    ChainBrokenError,
    Fault,
    Head,
    Witnesses,
    link,
)
from chassis.account.access_log import AccessLog, account_tables, accounted, append, is_about
from chassis.broker import jetstream
from chassis.clock import ward_time
from chassis.context import Access
from chassis.errors import BrokerUnavailableError, DatabaseUnavailableError
from chassis.storage.database import Database
from chassis.telemetry import metrics
from stack.nats_server import NatsServer
from stack.postgres import PostgresServer
from tests.chassis.conftest import ACCESS_RECORDS

pytestmark = pytest.mark.postgres

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
# The owner of the tables pretends that all up to a record has expired.
_FORGE = """
    insert into access_checkpoints
    select position, hash, now(), 'forged' from access_records where position = {}
"""


def record(subject: str = "person", at: datetime = NOW) -> AccessRecord:
    """Make a record."""
    return AccessRecord(
        record_id=uuid4(),
        recorded_at=at,
        account="demo",
        actor="",
        roles=["duty_officer"],
        method="/x",
        purpose="FIRE_RESCUE",
        legal_basis="",
        reference="VV-1",
        subject=subject,
        outcome="OK",
        request_id="q",
        fields=["full_name"],
        ward_code="11002",
    )


async def fill(database: Database, count: int, at: datetime = NOW) -> None:
    """Append records."""
    async with database.transaction() as tx:
        await append(tx, *(record(f"person {number}", at) for number in range(count)))


async def verify(
    database: Database,
    witnesses: Sequence[Head] | None = None,
    begin: int | None = None,
    expiries: Collection[Head] | None = None,
) -> Head:
    """Walk the chain."""
    known = Witnesses(witnesses or [], expiries)
    return await access_account.verify(database, known, begin, lambda _: None)


async def tamper(database: Database, *statements: str) -> None:
    """Change rows behind the triggers' back, as only who rules the server can."""
    async with database.transaction() as tx:
        await tx.execute(text("set local session_replication_role = replica"))
        for statement in statements:
            await tx.execute(text(statement))


def copied(position: int, record_id: UUID | None = None, **hashes: bytes) -> str:
    """Write the statement that puts the first record once more, under another id, at a position."""
    changed = {name: f"\\x{one.hex()}" for name, one in hashes.items()}
    changes = json.dumps({"position": position, "record_id": str(record_id or uuid4()), **changed})
    return (
        f"insert into access_records select (jsonb_populate_record(r, '{changes}')).*"  # noqa: S608
        " from access_records r where position = 1"
    )


@pytest.fixture
async def log(database: Database) -> AsyncGenerator[AccessLog]:
    """Make an access log."""
    line = database.line()
    yield AccessLog(line)
    await line.close()


async def test_a_session_that_began_with_few_records_does_not_read_them_all(
    database: Database,
) -> None:
    """What it planned for a table of one record costs the same on any: the last one is found by the index."""
    await fill(database, 1)
    async with database.transaction() as tx:
        await tx.execute(text("analyze access_records"))
    line = database.line()
    log = AccessLog(line)
    for number in range(20):
        await log.record(record(f"person {number}"))
    await line.fetch("select pg_stat_force_next_flush()")
    scans = "select seq_scan, idx_scan from pg_stat_user_tables where relname = 'access_records'"
    [(read_whole, by_index)] = await line.fetch(scans)
    await line.close()

    assert read_whole == 0
    assert by_index >= 20


async def test_records_are_chained_as_the_format_says(database: Database, log: AccessLog) -> None:
    """What the database computes is what the walk computes."""
    await log.record(record())
    await fill(database, 3)
    await asyncio.gather(*(log.record(record(f"é {number}")) for number in range(30)))

    assert (await verify(database)).position == 34


async def test_many_that_append_at_once_make_one_unbroken_chain(database: Database) -> None:
    """Two replicas and transactions besides: no position twice, none left out."""
    lines = [database.line() for _ in range(2)]
    logs = [AccessLog(line) for line in lines]

    async def transactions() -> None:
        for _ in range(20):
            await fill(database, 2)

    calls = [log.record(record()) for log in logs for _ in range(300)]
    await asyncio.gather(*calls, transactions(), transactions())
    for line in lines:
        await line.close()

    assert (await verify(database)).position == 2 * 300 + 2 * 20 * 2


async def test_records_about_somebody_are_found_by_the_index(database: Database) -> None:
    """By the hash of the subject; nobody else's with them."""
    records = account_tables(MetaData()).records
    await fill(database, 3)
    asked = select(records.c.subject).where(is_about(records, "person 1"))
    written = asked.compile(dialect=asyncpg_dialect(), compile_kwargs={"literal_binds": True})
    async with database.transaction() as tx:
        found = list(await tx.scalars(asked))
        await tx.execute(text("set local enable_seqscan = off"))
        plan = " ".join(await tx.scalars(text(f"explain {written}")))

    assert found == ["person 1"]
    assert "access_records_by_subject" in plan
    assert "Index Cond: (hashtextextended(subject" in plan


async def test_what_cannot_be_recorded_is_told() -> None:
    """A server that cannot be reached."""
    away = Database.connect("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailableError):
        await AccessLog(away.line()).record(record())
    await away.close()


async def test_the_log_heals_after_its_connection_was_lost(
    database: Database, log: AccessLog
) -> None:
    """The call under way fails; the next one opens another connection."""
    await log.record(record())
    async with database.transaction() as tx:
        await tx.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
    with pytest.raises(DatabaseUnavailableError):
        await log.record(record())
    await log.record(record())

    assert (await verify(database)).position == 2


async def test_a_change_and_its_record_are_durable_together_or_not_at_all(
    database: Database,
) -> None:
    """What rolls back leaves no record; what commits leaves one, and the call needs no other."""
    access = Access(uuid4(), method="/write", subject="person")
    context.access.set(access)
    with pytest.raises(ZeroDivisionError):
        async with accounted(database, NOW):
            raise ZeroDivisionError
    assert not access.accounted
    async with accounted(database, NOW) as tx:
        await tx.execute(text("create table changed ()"))
    async with accounted(database, NOW):
        pass
    context.access.set(None)
    rows = [one async for one in access_account.read(database, 1)]

    assert access.accounted
    assert [(one.record.record_id, one.record.method) for one in rows] == [
        (access.record_id, "/write")
    ]


@pytest.mark.parametrize(
    ("statements", "position", "fault"),
    [
        (["update access_records set account = 'x' where position = 3"], 3, Fault.CHANGED),
        (["update access_records set roles = '{}' where position = 1"], 1, Fault.CHANGED),
        (["delete from access_records where position = 2"], 2, Fault.MISSING),
        (["delete from access_records where position = 1"], 1, Fault.MISSING),
        (
            [
                "update access_records set position = -1 where position = 2",
                "update access_records set position = 2 where position = 4",
                "update access_records set position = 4 where position = -1",
            ],
            2,
            Fault.REORDERED,
        ),
        ([copied(0)], 0, Fault.CHANGED),
        ([copied(-5)], -5, Fault.CHANGED),
        ([copied(-(2**63))], -(2**63), Fault.CHANGED),
        (["delete from access_records where position > 3"], 4, Fault.BEHIND_WITNESS),
        (["delete from access_records"], 1, Fault.BEHIND_WITNESS),
        (
            [
                _FORGE.format(3),
                "delete from access_records where position <= 3",
            ],
            3,
            Fault.EXPIRED_UNWITNESSED,
        ),
        (
            [
                _FORGE.format(5),
                "delete from access_records",
            ],
            5,
            Fault.EXPIRED_UNWITNESSED,
        ),
    ],
)
async def test_tampering_with_stored_rows_is_found_and_named(
    database: Database, statements: list[str], position: int, fault: Fault
) -> None:
    """Changed, deleted, exchanged, cut off, or told as expired: the first position that does not hold, and why."""
    await fill(database, 5)
    head = await verify(database)
    await tamper(database, *statements)
    with pytest.raises(ChainBrokenError) as broken:
        await verify(database, [head], expiries=[])

    assert (broken.value.position, broken.value.fault) == (position, fault)


async def test_a_record_that_was_forged_before_the_beginning_is_found(database: Database) -> None:
    """Whoever is told who looked them up would be told of it: also one whose hash fits its position."""
    await fill(database, 3)
    (first, *_) = [one async for one in access_account.read(database, 1)]
    forged = first.record._replace(record_id=uuid4())
    own = link(0, START, forged.digest)
    await tamper(database, copied(0, forged.record_id, previous_hash=START, hash=own))
    with pytest.raises(ChainBrokenError) as broken:
        await verify(database)

    assert (broken.value.position, broken.value.fault) == (0, Fault.REPLACED)


async def test_a_walk_can_begin_anywhere(database: Database) -> None:
    """From a position on; what is before it is not looked at."""
    await fill(database, 5)
    await tamper(database, "update access_records set account = 'x' where position = 2")

    assert (await verify(database, begin=4)).position == 5
    with pytest.raises(ChainBrokenError):
        await verify(database, begin=2)
    with pytest.raises(PositionUnknownError):
        await verify(database, begin=9)


async def test_rows_from_before_the_chain_are_its_beginning(
    postgres_server: PostgresServer,
) -> None:
    """The migration's own words for the format agree with the walk's."""
    superuser = Database.connect(postgres_server.url("postgres"))
    name = "chassis_before_the_chain"
    async with superuser.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text(f"create database {name}"))
    await superuser.close()
    database = Database.connect(postgres_server.url(name))
    async with database.transaction() as tx:
        await tx.execute(text(ACCESS_RECORDS))
        for number, roles in enumerate(([], ["duty_officer", "é"], ["a"]), start=1):
            await tx.execute(
                text(
                    "insert into access_records values (:id, :at, 'demo', cast(:roles as text[]),"
                    " '/m', '', 'đ', 's', 'OK', 'q')"
                ),
                {
                    "id": UUID(int=number),
                    "at": NOW - timedelta(days=number, microseconds=number),
                    "roles": roles,
                },
            )
        for statement in access_schema.statements("public"):
            await tx.execute(text(statement))
    await fill(database, 1)
    rows = [one async for one in access_account.read(database, 1)]
    head = await verify(database)
    await database.close()

    assert head.position == 4
    assert [one.record.record_id.int for one in rows[:3]] == [3, 2, 1]


# ---------------------------------------------------------------- retention


@pytest.fixture
async def limited(database: Database) -> Database:
    """State in the database how long records are kept."""
    async with database.transaction() as tx:
        await tx.execute(
            text(
                "insert into legal_limits values"
                " ('access_record_retention', '2022-10-01', 12, 'months')"
            )
        )
    return database


async def test_what_the_law_no_longer_asks_for_goes_and_the_chain_holds(
    limited: Database,
) -> None:
    """A checkpoint stands for what was removed, and a record tells of it."""
    await fill(limited, 4, NOW - timedelta(days=400))
    await fill(limited, 3, NOW - timedelta(days=300))
    what = await access_account.expired(limited, NOW)
    assert isinstance(what, Expiry)
    await access_account.expire(limited, what, record("access_records"))
    rows = [one async for one in access_account.read(limited, 1)]

    assert (what.until.position, what.records) == (4, 4)
    assert [row.position for row in rows] == [5, 6, 7, 8]
    assert (await verify(limited, expiries=[what.until])).position == 8
    assert await access_account.expired(limited, NOW) is None
    await tamper(limited, "delete from access_records where position = 5")
    with pytest.raises(ChainBrokenError) as broken:
        await verify(limited)
    assert (broken.value.position, broken.value.fault) == (5, Fault.MISSING)


async def test_a_removal_that_was_broken_off_leaves_a_chain_that_holds(limited: Database) -> None:
    """What is still there of what has expired leads to the checkpoint, and is looked at."""
    await fill(limited, 4, NOW - timedelta(days=400))
    await fill(limited, 2, NOW)
    what = await access_account.expired(limited, NOW)
    assert isinstance(what, Expiry)
    async with limited.transaction() as tx:
        await tx.execute(text(_FORGE.format(4)))
        await tx.execute(text("delete from access_records where position <= 2"))

    assert (await verify(limited, expiries=[what.until])).position == 6
    await tamper(limited, "update access_records set account = 'x' where position = 3")
    with pytest.raises(ChainBrokenError) as broken:
        await verify(limited, expiries=[what.until])
    assert (broken.value.position, broken.value.fault) == (3, Fault.CHANGED)


async def test_a_clock_that_ran_ahead_keeps_what_follows(limited: Database) -> None:
    """Only what stands before the first record that is still to be kept can go."""
    await fill(limited, 1, NOW - timedelta(days=400))
    await fill(limited, 1, NOW)
    await fill(limited, 1, NOW - timedelta(days=400))
    what = await access_account.expired(limited, NOW)

    assert what is not None
    assert what.until.position == 1


async def test_a_longer_term_holds_from_midnight_in_the_ward(limited: Database) -> None:
    """An hour into its first day, which is the evening before by the database's clock, the shorter one is over."""
    await fill(limited, 1, NOW - timedelta(days=400))
    await fill(limited, 1, NOW)
    async with limited.transaction() as tx:
        await tx.execute(
            text(
                "insert into legal_limits values"
                " ('access_record_retention', '2026-11-24', 24, 'months')"
            )
        )
    midnight = ward_time(date(2026, 11, 24))

    assert await access_account.expired(limited, midnight - timedelta(seconds=1)) is not None
    assert await access_account.expired(limited, midnight + timedelta(hours=1)) is None


async def test_without_a_limit_nothing_expires(limited: Database) -> None:
    """What no law states is not guessed."""
    async with limited.transaction() as tx:
        await tx.execute(text("delete from legal_limits"))
    with pytest.raises(LimitMissingError):
        await access_account.expired(limited, NOW)


async def test_only_what_a_checkpoint_covers_can_be_removed(limited: Database) -> None:
    """Not even its owner removes more, and a checkpoint stays."""
    await fill(limited, 3)
    for statement in (
        "delete from access_records where position = 1",
        "update access_records set account = 'x'",
        "truncate access_records",
        "delete from access_checkpoints",
        "update access_checkpoints set position = 2",
        "delete from access_marks",
    ):
        with pytest.raises(Exception, match="is append-only"):
            async with limited.transaction() as tx:
                await tx.execute(text(statement))

    assert (await verify(limited)).position == 3


# ---------------------------------------------------------------- witness

SUBJECT = witness.subject_of("11002", "chassis")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


@pytest.mark.nats
async def test_the_head_is_witnessed_when_it_has_moved_and_once(
    database: Database, broker: Client, tmp_path: Path
) -> None:
    """By one replica at a time, at most once in the interval; in the stream and in the file alike."""
    clock, file = Clock(), tmp_path / "witness.jsonl"
    both = [
        witness.Witness(database, broker.jetstream(), SUBJECT, timedelta(minutes=5), file, clock)
        for _ in range(2)
    ]
    assert await both[0].witness_if_due() is None
    await fill(database, 2)
    first = await asyncio.gather(*(one.witness_if_due() for one in both))
    await fill(database, 1)
    assert await both[0].witness_if_due() is None
    clock.now += timedelta(minutes=5)
    second = await both[1].witness_if_due()
    clock.now += timedelta(minutes=5)
    assert await both[1].witness_if_due() is None
    found = await witness.read_stream(broker.jetstream(), SUBJECT)

    assert [head.position for head in first if head] == [2]
    assert second is not None
    assert second.position == 3
    assert found == witness.read_file(file)
    assert [head.position for head in found.heads] == [2, 3]
    assert (await verify(database, found.heads)).position == 3


@pytest.mark.nats
async def test_marks_made_by_hand_keep_nothing_from_being_witnessed(
    database: Database, broker: Client
) -> None:
    """Who has taken the service's role can say that the chain is witnessed, now, ever, or further than it goes."""
    told = witness.Witness(database, broker.jetstream(), SUBJECT, timedelta(0), None, lambda: NOW)
    for position, at in ((1, NOW), (2, NOW + timedelta(days=400)), (10**9, NOW)):
        await fill(database, 1)
        async with database.transaction() as tx:
            mark = "insert into access_marks (kind, position, hash, marked_at) values"
            by_hand = text(f"{mark} ('WITNESSED', :position, '', :at)")
            await tx.execute(by_hand, {"position": position, "at": at})
        await told.witness_if_due()
    found = await witness.read_stream(broker.jetstream(), SUBJECT)

    assert [head.position for head in found.heads] == [1, 2, 3]
    assert (measured("witnessed_position"), measured("broken_position")) == (3, 0)


@pytest.mark.nats
async def test_it_is_told_since_when_nobody_verified_the_chain(
    database: Database, broker: Client
) -> None:
    """Since it began while nobody ever did; and from where it does not hold, until the whole is found to."""
    told = witness.Witness(database, broker.jetstream(), SUBJECT, timedelta(0), None, lambda: NOW)
    await fill(database, 2)
    first = text("select recorded_at from access_records order by position limit 1")
    async with database.transaction() as tx:
        began = (await tx.scalars(first)).one()
    verified = NOW + timedelta(days=1)
    seen = []
    # Position 0 is where a chain begins: a checkpoint that was changed, or a first record that follows another one.
    for broken in (2, 0, None):
        await told.witness_if_due()
        seen.append([measured("verified_timestamp_seconds"), measured("broken_position")])
        if broken is None:
            await access_account.mark_verified(database, await verify(database), verified)
        else:
            await access_account.mark_broken(database, broken, NOW)
    await told.witness_if_due()
    seen.append([measured("verified_timestamp_seconds"), measured("broken_position")])

    never = began.timestamp()
    assert seen == [[never, 0], [never, 2], [never, 1], [verified.timestamp(), 0]]


@pytest.mark.nats
async def test_what_is_witnessed_and_kept_is_told_after_a_restart(
    limited: Database, broker: Client
) -> None:
    """Also while nothing moves: how far witnesses go, and when the oldest record's time is over."""
    told = witness.Witness(limited, broker.jetstream(), SUBJECT, timedelta(0), None, lambda: NOW)
    await fill(limited, 3, NOW - timedelta(days=400))
    await told.witness_if_due()
    metrics.ACCESS_WITNESSED_POSITION.set(0)
    assert await told.witness_if_due() is None

    assert measured("witnessed_position") == 3
    assert measured("expires_timestamp_seconds") < NOW.timestamp()


def measured(name: str) -> float:
    """Tell a metric of the account."""
    value = REGISTRY.get_sample_value(f"ward_access_{name}")
    assert value is not None
    return value


@pytest.mark.nats
async def test_nobody_takes_a_witness_back(database: Database, broker: Client) -> None:
    """The stream refuses to delete and to purge."""
    await fill(database, 1)
    told = witness.Witness(database, broker.jetstream(), SUBJECT, timedelta(0), None, lambda: NOW)
    await told.witness_if_due()
    with pytest.raises(APIError):
        await broker.jetstream().purge_stream("ACCESS_WITNESS")
    with pytest.raises(APIError):
        await broker.jetstream().delete_msg("ACCESS_WITNESS", 1)

    assert len((await witness.read_stream(broker.jetstream(), SUBJECT)).heads) == 1


@pytest.mark.nats
async def test_a_chain_behind_its_witness_is_not_witnessed_again(
    database: Database, broker: Client
) -> None:
    """What was cut off must be found by the verifier, not papered over by a younger witness."""
    told = witness.Witness(database, broker.jetstream(), SUBJECT, timedelta(0), None, lambda: NOW)
    await fill(database, 3)
    await told.witness_if_due()
    await tamper(database, "delete from access_records where position = 3")

    assert await told.witness_if_due() is None
    assert measured("broken_position") == 3
    with pytest.raises(ChainBrokenError) as broken:
        await verify(database, (await witness.read_stream(broker.jetstream(), SUBJECT)).heads)
    assert broken.value.fault is Fault.BEHIND_WITNESS
    await tamper(database, "delete from access_records")
    assert await told.witness_if_due() is None
    assert measured("broken_position") == 1


@pytest.mark.nats
async def test_an_expiry_takes_nothing_back_of_what_is_witnessed(
    database: Database, broker: Client
) -> None:
    """It is told behind the heads, of a position before them: who cuts the chain then is seen as before."""
    stream = broker.jetstream()
    told = witness.Witness(database, stream, SUBJECT, timedelta(0), None, lambda: NOW)
    await fill(database, 5)
    await told.witness_if_due()
    (head,) = (await witness.read_stream(stream, SUBJECT)).heads
    await witness.tell(stream, SUBJECT, None, Head(2, b"2"), NOW, expired=True)
    await tamper(database, "delete from access_records where position > 3")

    assert await told.witness_if_due() is None
    assert measured("broken_position") == 4
    assert measured("witnessed_position") == head.position == 5


@pytest.mark.nats
@pytest.mark.usefixtures("broker")
async def test_vanished_records_are_told_on_while_the_broker_is_away(
    database: Database, nats_server: NatsServer
) -> None:
    """The alert must not end with the connection."""
    client = await jetstream.connect(nats_server.url, "witness")
    told = witness.Witness(database, client.jetstream(), SUBJECT, timedelta(0), None, lambda: NOW)
    await fill(database, 3)
    await told.witness_if_due()
    await tamper(database, "delete from access_records where position = 3")
    await told.witness_if_due()
    await client.close()
    with pytest.raises(BrokerUnavailableError):
        await told.witness_if_due()

    assert measured("broken_position") == 3


@pytest.mark.nats
async def test_what_the_file_could_not_take_is_witnessed_again(
    database: Database, broker: Client, tmp_path: Path
) -> None:
    """The stream comes second: what it has is not told again."""
    file = tmp_path / "away" / "witness.jsonl"
    told = witness.Witness(database, broker.jetstream(), SUBJECT, timedelta(0), file, lambda: NOW)
    await fill(database, 2)
    with pytest.raises(OSError, match="witness"):
        await told.witness_if_due()
    file.parent.mkdir()
    head = await told.witness_if_due()

    assert witness.read_file(file).heads == [head]


@pytest.mark.nats
async def test_a_line_that_was_not_written_whole_is_named_and_takes_no_other_with_it(
    broker: Client, tmp_path: Path
) -> None:
    """After a power cut the next witness has a line of its own."""
    file = tmp_path / "witness.jsonl"
    file.write_bytes(b'{"position": 1, "ha')
    await witness.tell(broker.jetstream(), SUBJECT, file, Head(2, b"2"), NOW)
    with pytest.raises(witness.FileUnreadableError, match=r"witness\.jsonl:1$"):
        witness.read_file(file)
    file.write_bytes(file.read_bytes().split(b"\n", 1)[1])

    assert witness.read_file(file).heads == [Head(2, b"2")]


@pytest.mark.nats
async def test_an_expiry_is_believed_where_stream_and_file_both_tell_of_it(
    limited: Database, broker: Client, tmp_path: Path
) -> None:
    """Whoever rules the database and one of them cannot pass for expired what is not."""
    await fill(limited, 2, NOW - timedelta(days=400))
    await fill(limited, 1)
    what = await access_account.expired(limited, NOW)
    assert what is not None
    file = tmp_path / "witness.jsonl"
    await witness.tell(broker.jetstream(), SUBJECT, file, what.until, NOW, expired=True)
    await access_account.expire(limited, what, record("access_records"))
    told = await witness.read_stream(broker.jetstream(), SUBJECT)
    both, one = told.and_of(witness.read_file(file)), told.and_of(Witnesses([], ()))

    assert (await verify(limited, both.heads, expiries=both.expiries)).position == 4
    with pytest.raises(ChainBrokenError) as broken:
        await verify(limited, one.heads, expiries=one.expiries)
    assert (broken.value.position, broken.value.fault) == (2, Fault.EXPIRED_UNWITNESSED)
