"""Changing the sealing key: online, in batches, resumable, and complete."""

import asyncio
import base64
import os
import sys
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from grpc import aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import SecretStr
from sqlalchemy import func, insert, select, update
from structlog.testing import capture_logs

from chassis.lifecycle import Lifecycle
from chassis.sealing import Seal, UnknownKeyError
from chassis.storage.database import Database
from chassis.telemetry.health import Readiness
from residency import app, tables
from residency.app.serving import KeyWatch
from residency.domain.persons.contact import Contact, EmailAddress, PhoneNumber
from residency.domain.persons.identity import IdentityCorrection
from residency.domain.persons.sealing import NumberSeal
from residency.operations.keys import KeyOperations, KeysDoNotFitError, check_keys
from residency.repository.sealed import SEALED
from stack.nats_server import NatsServer
from tests.fixtures.servers import MakeToken, TestDatabase
from tests.residency.conftest import MakeSettings
from tests.residency.refusals import refusal_of
from tests.residency.samples import (
    ENCRYPTION_KEY,
    INDEX_KEY,
    SEAL,
    number,
    person_operations,
    request,
)
from tests.residency.test_lookups import asking
from ward.residency.v1 import lookups_pb2_grpc

pytestmark = pytest.mark.postgres

NEW_KEY, OTHER_INDEX_KEY = b"n" * 32, b"o" * 32
OLD, NEW = Seal([ENCRYPTION_KEY], os.urandom), Seal([NEW_KEY], os.urandom)
BOTH = Seal([NEW_KEY, ENCRYPTION_KEY], os.urandom)
KEYS = {
    "ID_ENCRYPTION_KEY": base64.b64encode(NEW_KEY).decode(),
    "ID_ENCRYPTION_OLD_KEYS": base64.b64encode(ENCRYPTION_KEY).decode(),
    "ID_INDEX_KEY": base64.b64encode(INDEX_KEY).decode(),
    "PSEUDONYM_KEY": base64.b64encode(b"p" * 32).decode(),
}


async def add_persons(database: Database, count: int) -> None:
    """Enter people whose numbers are sealed under the old key."""
    rows = [
        {
            "person_id": (person_id := uuid4()),
            "number_sealed": SEAL.seal(number(serial), person_id),
            "number_index": SEAL.blind_index(number(serial)),
            "full_name": "Phạm Thị Giả Định",
            "birth_year": 1990,
            "sex": "F",
            "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        for serial in range(1, count + 1)
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(tables.persons), rows)


async def numbers_under(database: Database, seal: Seal) -> list[str]:
    """Open all numbers, in order of the persons' numbers."""
    opening = NumberSeal(seal, INDEX_KEY)
    statement = select(tables.persons.c.person_id, tables.persons.c.number_sealed)
    async with database.transaction() as tx:
        rows = (await tx.execute(statement)).all()
    return sorted(opening.open(row.number_sealed, row.person_id).digits for row in rows)


def all_numbers(count: int) -> list[str]:
    """Tell what must be there."""
    return [number(serial).digits for serial in range(1, count + 1)]


def test_every_sealed_column_is_sealed_anew() -> None:
    """A column that is forgotten would not open any more once its key is taken away."""
    sealed = {
        f"{table.name}.{column.name}"
        for table in tables.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }

    assert sealed == {f"{one.column.table.name}.{one.column.name}" for one in SEALED}


async def add_case(database: Database) -> UUID:
    """Enter a case with a declaration and a note; their form does not matter here."""
    case_id = uuid4()
    values = dict.fromkeys(
        ("ward_code", "kind", "account", "accepted_by", "verified_by", "decided_by"), ""
    )
    async with database.transaction() as tx:
        await tx.execute(
            insert(tables.cases).values(
                case_id=case_id,
                case_number="11002-2026-1",
                channel="COUNTER",
                state="DRAFT",
                identity_check="NONE",
                written_by=[],
                declaration_sealed=OLD.seal(b"declaration", case_id.bytes + b"declaration"),
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
                **values,
            )
        )
        for note in (b"note", None):
            await tx.execute(
                insert(tables.case_history).values(
                    case_id=case_id,
                    at=datetime(2026, 1, 1, tzinfo=UTC),
                    act="x",
                    state="DRAFT",
                    account="",
                    note_sealed=note and OLD.seal(note, case_id.bytes + b"note"),
                )
            )
    return case_id


async def test_cases_and_their_history_are_sealed_anew(database: Database) -> None:
    """Of the history the notes only, which nobody can change otherwise; what was not written stays nothing."""
    case_id = await add_case(database)
    batches = [done async for done in KeyOperations(database, BOTH).renew_all()]
    async with database.transaction() as tx:
        declaration = await tx.scalar(select(tables.cases.c.declaration_sealed))
        history = tables.case_history.c
        notes = (await tx.scalars(select(history.note_sealed).order_by(history.entry_id))).all()

    assert batches == [1, 1]
    assert NEW.open(declaration or b"", case_id.bytes + b"declaration") == b"declaration"
    assert NEW.open(notes[0] or b"", case_id.bytes + b"note") == b"note"
    assert notes[1] is None


async def test_contacts_and_what_was_corrected_are_sealed_anew(database: Database) -> None:
    """A number that was corrected keeps its row: nobody can change anything else of it."""
    await add_persons(database, 1)
    does = person_operations(database)
    phone, email = PhoneNumber.parse("0912345678"), EmailAddress.parse("a@example.vn")
    await does.set_contact(number(), Contact(phone, email), request())
    await does.correct(number(), IdentityCorrection(number(2), *(None,) * 4), request())
    batches = [done async for done in KeyOperations(database, BOTH).renew_all()]
    opening, was = NumberSeal(NEW, INDEX_KEY), tables.person_corrections.c
    async with database.transaction() as tx:
        person = (await tx.execute(select(tables.persons))).one()
        corrected = await tx.scalar(select(was.number_sealed))

    assert batches == [1, 1, 1, 1]
    assert opening.open(person.number_sealed, person.person_id) == number(2)
    assert opening.open(corrected or b"", person.person_id) == number()
    assert opening.open_phone(person.phone_sealed, person.person_id) == phone
    assert opening.open_email(person.email_sealed, person.person_id) == email


async def test_everything_is_sealed_under_the_new_key_batch_by_batch(database: Database) -> None:
    """The same numbers, found under the same index; a second run has nothing to do."""
    await add_persons(database, 25)
    keys = KeyOperations(database, BOTH)
    before = await keys.count_old()
    batches = [done async for done in keys.renew_all(batch=10)]

    assert (before, batches, await keys.count_old()) == (25, [10, 10, 5], 0)
    assert await numbers_under(database, NEW) == all_numbers(25)
    assert [done async for done in keys.renew_all()] == []


async def test_a_run_that_was_broken_off_goes_on_where_it_was(database: Database) -> None:
    """Whatever was done opens under the new key, the rest under the old one; both are at hand meanwhile."""
    await add_persons(database, 25)
    keys = KeyOperations(database, BOTH)
    async for _ in keys.renew_all(batch=10):
        break

    assert await keys.count_old() == 15
    assert await numbers_under(database, BOTH) == all_numbers(25)
    assert [done async for done in keys.renew_all(batch=10)] == [10, 5]


async def test_without_the_old_key_nothing_is_changed(database: Database) -> None:
    """What cannot be opened is left as it is."""
    await add_persons(database, 3)
    with pytest.raises(UnknownKeyError):
        _ = [done async for done in KeyOperations(database, NEW).renew_all()]

    assert await numbers_under(database, OLD) == all_numbers(3)


async def test_keys_of_another_register_are_told(database: Database) -> None:
    """Under another index key everybody would be unknown; without the right sealing key nothing opens."""
    await check_keys(database, NumberSeal(NEW, OTHER_INDEX_KEY))
    await add_persons(database, 2)
    for seal, index_key in ((OLD, OTHER_INDEX_KEY), (NEW, INDEX_KEY)):
        with pytest.raises(KeysDoNotFitError):
            await check_keys(database, NumberSeal(seal, index_key))

    await check_keys(database, NumberSeal(BOTH, INDEX_KEY))


@pytest.mark.nats
@pytest.mark.parametrize(
    "command",
    [
        ("serve",),
        ("decoys", "add", "--name", "Phạm Thị Giả Định", "--birth-date", "1990", "--sex", "F"),
    ],
)
async def test_no_process_works_under_the_keys_of_another_register(
    database: Database,
    test_database: TestDatabase,
    nats_server: NatsServer,
    command: tuple[str, ...],
) -> None:
    """It ends with one sentence, before it answers or enters anything."""
    await add_persons(database, 1)
    listening = dict.fromkeys(("GRPC_LISTEN", "ADMIN_LISTEN"), "127.0.0.1:0")
    other = base64.b64encode(OTHER_INDEX_KEY).decode()
    ended = await started(
        test_database.url, *command, ID_INDEX_KEY=other, NATS_URL=nats_server.url, **listening
    )
    _, errors = await ended.communicate()

    assert ended.returncode == 1
    assert "The register was written under other keys" in errors.decode().splitlines()[-1]
    async with database.transaction() as tx:
        assert (await tx.scalars(select(func.count()).select_from(tables.persons))).one() == 1


@pytest.mark.parametrize("index_key", [OTHER_INDEX_KEY, INDEX_KEY], ids=["other", "own"])
async def test_keys_are_judged_as_soon_as_the_database_is_there(
    database: Database, index_key: bytes
) -> None:
    """Where it was away at start, as after a restore: under other keys the process ends, under its own it is ready."""
    await add_persons(database, 1)
    readiness = Readiness({})
    async with Lifecycle() as life:
        keys = KeyWatch(life, database, NumberSeal(BOTH, index_key), have_fit=False)
        readiness.watch("keys", keys.look)
        assert not readiness.ready
        life.background("readiness", readiness.run([]))
        if index_key == OTHER_INDEX_KEY:
            with pytest.raises(SystemExit, match="was written under other keys"):
                async with asyncio.timeout(20):
                    await life.until_stopped()
            assert not readiness.ready
        else:
            async with asyncio.timeout(20):
                while not readiness.ready:
                    await asyncio.sleep(0.05)


async def rotate(url: str, **keys: str) -> asyncio.subprocess.Process:
    """Start the command."""
    return await started(url, "keys", "rotate", **keys)


async def started(url: str, *command: str, **keys: str) -> asyncio.subprocess.Process:
    """Start a command, or the service, with the new key and the old one, or other keys."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "residency", *command),
        env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin", **KEYS, **keys},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_killed_command_is_resumed_while_the_register_is_written(
    database: Database, test_database: TestDatabase
) -> None:
    """Kill -9 after the first batch; meanwhile people are corrected, and at no time is a number lost."""
    await add_persons(database, 3000)
    first = await rotate(test_database.url)
    assert first.stdout
    progress = await first.stdout.readline()
    first.kill()
    await first.wait()
    async with database.transaction() as tx:
        await tx.execute(update(tables.persons).values(full_name="Trần Văn Ví Dụ"))
    after_kill: Any = await numbers_under(database, BOTH)
    again = await rotate(test_database.url)
    output, errors = await again.communicate()

    assert progress == b"500/3000\n"
    assert after_kill == all_numbers(3000)
    assert (again.returncode, errors) == (0, b"")
    assert output.decode().endswith("Everything is sealed under the new key.\n")
    assert await numbers_under(database, NEW) == all_numbers(3000)


async def test_a_missing_key_is_said_in_one_line(
    database: Database, test_database: TestDatabase
) -> None:
    """Without a traceback, in both languages."""
    await add_persons(database, 1)
    ended = await rotate(test_database.url, ID_ENCRYPTION_OLD_KEYS="")
    _, errors = await ended.communicate()

    assert ended.returncode == 1
    assert errors.decode().splitlines() == [
        "Thiếu một khóa cũ trong ID_ENCRYPTION_OLD_KEYS / An old key is missing in ID_ENCRYPTION_OLD_KEYS."
    ]


@pytest.mark.nats
async def test_the_service_answers_throughout(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    database: Database,
) -> None:
    """While all is sealed anew every person is found, and the number opens whichever key it is under."""
    await add_persons(database, 200)
    settings = make_settings(nats_server.url).model_copy(
        update={
            "id_encryption_key": SecretStr(KEYS["ID_ENCRYPTION_KEY"]),
            "id_encryption_old_keys": SecretStr(KEYS["ID_ENCRYPTION_OLD_KEYS"]),
        }
    )
    metadata = (("authorization", f"Bearer {make_token('residence_officer')}"),)
    renewing, masked = KeyOperations(database, BOTH).renew_all(batch=5), []
    async with Lifecycle() as life:
        port = await app.start(life, settings)
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = lookups_pb2_grpc.LookupServiceStub(channel)
            for serial in range(1, 81, 2):
                _, answer = await asyncio.gather(
                    anext(renewing), stub.LookupPerson(asking(serial=serial), metadata=metadata)
                )
                masked.append(answer.person.masked_number)

    assert await KeyOperations(database, BOTH).count_old() == 0
    assert masked == [number(serial).masked for serial in range(1, 81, 2)]


@pytest.mark.nats
async def test_a_service_that_was_not_given_the_new_key_says_so(
    make_settings: MakeSettings,
    nats_server: NatsServer,
    make_token: MakeToken,
    database: Database,
) -> None:
    """Once all is sealed anew it is not ready, tells why once, and sends callers to a replica that has the key."""
    await add_persons(database, 3)
    metadata = (("authorization", f"Bearer {make_token('residence_officer')}"),)
    not_ready = health_pb2.HealthCheckResponse.NOT_SERVING
    with capture_logs() as logs:
        async with Lifecycle() as life:
            port = await app.start(life, make_settings(nats_server.url))
            _ = [done async for done in KeyOperations(database, BOTH).renew_all()]
            async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                health = health_pb2_grpc.HealthStub(channel)
                async with asyncio.timeout(20):
                    while (
                        await health.Check(health_pb2.HealthCheckRequest())
                    ).status != not_ready or not logs:
                        await asyncio.sleep(0.05)
                with pytest.raises(aio.AioRpcError) as refused:
                    await lookups_pb2_grpc.LookupServiceStub(channel).LookupPerson(
                        asking(serial=1), metadata=metadata
                    )

    refusal = refusal_of(refused.value)
    told = [one for one in logs if one["log_level"] in {"error", "warning"}]
    assert (refusal.code, refusal.reason) == ("UNAVAILABLE", "SEALING_KEY_MISSING")
    assert {
        "event": "sealing_key_missing",
        "needed": "ID_ENCRYPTION_KEY",
        "log_level": "error",
    } in told
    assert [one["event"] for one in told].count("sealing_key_missing") == 1
    assert "call_failed" not in [one["event"] for one in told]
