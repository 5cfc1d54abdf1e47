"""Decoys: like anybody on the register, in no count, and an alert when touched."""

import asyncio
import random
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from prometheus_client import REGISTRY
from sqlalchemy import func, select

from chassis.broker.messages import subject_of
from chassis.storage.database import Database
from residency import tables
from residency.domain.lookups.decoys import Decoy
from residency.domain.persons.identity import Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.operations.decoys import DecoyOperations
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import Service
from tests.residency.desk import declared, temporary
from tests.residency.samples import CODES, SEAL, StoppedClock, add_building, relay
from tests.residency.test_command_line import KEYS, run
from tests.residency.test_data_subject_requests import Counter
from tests.residency.test_lookups import because
from tests.residency.test_service import verifying
from ward.residency.v1 import breaches_pb2 as breaches_pb
from ward.residency.v1 import cases_pb2, duplicates_pb2, register_pb2
from ward.residency.v1 import lookups_pb2 as pb

NAME = FullName("Âu Dương Bẫy Mồi")


@given(st.integers(1900, 2026), st.sampled_from(Sex), st.randoms())
def test_a_decoy_has_a_number_that_is_well_formed_and_nobodys(
    year: int, sex: Sex, chance: random.Random
) -> None:
    """Of no province; the digits agree with its birth year and sex, so that nothing gives it away."""
    made = Decoy.make(NAME, PartialDate(year), sex, chance.randrange).number
    parsed = PersonalIdNumber.parse(made.digits, CODES, datetime(2026, 12, 31, tzinfo=UTC).date())

    assert parsed.digits[:3] not in CODES.provinces
    assert parsed.digits[:3] != "999"
    assert (parsed.birth_year, parsed.is_of_woman) == (year, sex is Sex.FEMALE)


def test_nobody_is_born_before_the_numbers_begin() -> None:
    """It is said in words."""
    with pytest.raises(ValueError, match="born in 1900 or later"):
        Decoy.make(NAME, PartialDate(1899), Sex.MALE, lambda _: 0)


async def added_decoy(service: Service, seed: int) -> Decoy:
    """Add a decoy of a service, as its command does."""
    clock = StoppedClock()
    decoys = DecoyOperations(
        service.database, relay(service.database, clock), clock, SEAL, "11002"
    )
    decoy = Decoy.make(NAME, PartialDate(1990), Sex.FEMALE, random.Random(seed).randrange)  # noqa: S311
    await decoys.add(decoy)
    return decoy


@pytest.mark.postgres
@pytest.mark.nats
async def test_who_looks_at_a_decoy_is_noticed_at_once(service: Service, broker: Client) -> None:
    """By a lookup, a verification, a read or a write: an event in the stream, and a metric; no answer tells."""
    decoy = await added_decoy(service, 1)
    before = REGISTRY.get_sample_value("ward_decoys_touched_total") or 0
    events = await broker.jetstream().subscribe(subject_of(pb.DecoyTouched))
    request = pb.LookupPersonRequest(purpose=because(), personal_id_number=decoy.number.digits)
    looks = {}
    async with asyncio.timeout(20):
        # A new decoy is known within two seconds.
        while not events.pending_msgs:
            answer = await service.call("LookupPerson", request)
            looks[answer.access_record_id] = answer
            await asyncio.sleep(0.5)
    verified = await service.call(
        "VerifyIdentity", verifying(personal_id_number=decoy.number.digits)
    )
    residences = await service.call(
        "GetResidence",
        register_pb2.GetResidenceRequest(
            purpose=because(), personal_id_number=decoy.number.digits
        ),
    )
    await service.call(
        "ListPersonMerges",
        duplicates_pb2.ListPersonMergesRequest(
            purpose=because(), personal_id_number=decoy.number.digits
        ),
    )
    await service.call(
        "SetContact",
        register_pb2.SetContactRequest(
            purpose=because(), request_id="contact-1", personal_id_number=decoy.number.digits
        ),
    )
    alerts, others = [], 0
    while others < 4:
        alert = pb.DecoyTouched.FromString((await events.next_msg(30)).data)
        alerts.append(alert)
        others += alert.access_record_id not in looks
    records = {str(one.record_id): one for one in await service.access_records()}
    listed = await service.call(
        "ListBreaches", breaches_pb.ListBreachesRequest(), "data_protection_officer"
    )

    # One suspicion of the account, however often it looks.
    (suspected,) = listed.breaches
    assert suspected.state == breaches_pb.BREACH_STATE_SUSPECTED
    assert (suspected.source, suspected.suspect) == (
        breaches_pb.BREACH_SOURCE_DECOY,
        alerts[0].account,
    )
    assert answer.person.full_name == NAME.text
    assert alerts[0].access_record_id in looks
    assert [verified.access_record_id, residences.access_record_id] == [
        one.access_record_id for one in alerts[-4:-2]
    ]
    for alert in alerts:
        assert alert.account == records[alert.access_record_id].account
        assert alert.subject == records[alert.access_record_id].subject
        assert decoy.number.digits not in str(alert)
    assert (REGISTRY.get_sample_value("ward_decoys_touched_total") or 0) >= before + 5


@pytest.mark.postgres
@pytest.mark.nats
async def test_no_way_of_asking_leads_around_the_alert(service: Service, broker: Client) -> None:
    """Neither a household, nor a case whose persons are verified, nor what is held for a data subject."""
    decoy = await added_decoy(service, 2)
    events = await broker.jetstream().subscribe(subject_of(pb.DecoyTouched))
    looking = pb.LookupPersonRequest(purpose=because(), personal_id_number=decoy.number.digits)
    async with asyncio.timeout(20):
        while not events.pending_msgs:
            looked = await service.call("LookupPerson", looking)
            await asyncio.sleep(0.5)
    named = pb.ListHouseholdRequest(purpose=because(), pseudonym=looked.person.pseudonym)
    household = await service.call("ListHousehold", named)
    person = declared(1, personal_id_number=decoy.number.digits)
    home = (await add_building(service.database)).dwelling_ids[0]
    await verified_case(service, temporary(home, declarant=person))
    export = await Counter(service).exported(personal_id_number=decoy.number.digits)
    wanted = {household.access_record_id, export.access_record_id}
    wanted |= {
        str(one.record_id)
        for one in await service.access_records()
        if one.method.endswith("/VerifyCase") and one.subject.startswith("case:")
    }

    async with asyncio.timeout(60):
        while wanted:
            alert = pb.DecoyTouched.FromString((await events.next_msg(30)).data)
            wanted.discard(alert.access_record_id)


@pytest.mark.postgres
async def test_looks_at_decoys_at_once_are_one_suspicion_with_one_number(
    database: Database,
) -> None:
    """By one account from everywhere: the others are noted with it, and no number is of no breach."""
    clock = StoppedClock()
    decoys = DecoyOperations(database, relay(database, clock), clock, SEAL, "11002")
    decoy = Decoy.make(NAME, PartialDate(1990), Sex.FEMALE, random.Random(3).randrange)  # noqa: S311
    await decoys.add(decoy)
    await decoys.refresh()
    subject = SEAL.pseudonym(decoy.number)
    accounts = ["one"] * 8 + ["another"]
    await asyncio.gather(*(decoys.watch(account, [subject], uuid4()) for account in accounts))
    async with database.transaction() as tx:
        numbers = list(await tx.scalars(select(tables.breaches.c.breach_number)))
        acts = list(await tx.scalars(select(tables.breach_history.c.act)))

    assert sorted(numbers) == ["11002-VP-2026-000001", "11002-VP-2026-000002"]
    assert (acts.count("SUSPECT"), acts.count("SUSPECT_AGAIN")) == (2, 7)


async def verified_case(service: Service, declaration: cases_pb2.ResidenceDeclaration) -> None:
    """Have an officer at the counter write a case down and have its persons verified."""
    request = cases_pb2.CreateCaseRequest(request_id=str(uuid4()), declaration=declaration)
    case_number = (await service.call("CreateCase", request)).case.case_number
    for method in ("SubmitCase", "AcceptCase", "VerifyCase"):
        kind = getattr(cases_pb2, f"{method}Request")
        moving = kind(request_id=str(uuid4()), case_number=case_number)
        await service.call(method, moving)


@pytest.mark.postgres
async def test_the_command_adds_a_decoy_that_lives_nowhere(
    database: Database, test_database: TestDatabase
) -> None:
    """So it is in no dwelling's count; what is no name is refused in words."""
    add = ("decoys", "add", "--birth-date", "1985-03", "--sex", "M", "--name")
    added = await run(*add, NAME.text, DATABASE_URL=test_database.url, **KEYS)
    refused = await run(*add, "12", DATABASE_URL=test_database.url, **KEYS)
    no_day = ["--birth-date", "1990-02-30", "--sex", "F", "--name", NAME.text]
    unborn = await run("decoys", "add", *no_day, DATABASE_URL=test_database.url, **KEYS)
    async with database.transaction() as tx:
        decoy: UUID | None = await tx.scalar(select(tables.decoys.c.person_id))
        stays = await tx.scalar(select(func.count()).select_from(tables.registrations))

    assert (added.code, added.errors) == (0, "")
    assert decoy
    assert stays == 0
    assert (refused.code, unborn.code) == (1, 1)
    assert "có trong lịch" in unborn.errors
    assert refused.errors.startswith("Không thêm được hồ sơ bẫy / The decoy was not added: ")
