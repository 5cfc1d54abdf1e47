"""Limits of lookups: each pattern has its ceiling, replicas share their counts, and refusals say when to come again."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.rpc import error_details_pb2
from grpc import aio
from grpc_status import rpc_status
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.errors import DatabaseUnavailableError, LimitReachedError
from chassis.storage.database import Database
from residency.domain.lookups.disclosure import Asker
from residency.domain.lookups.limits import Ceiling, Pattern, ceilings_for
from residency.operations.lookup_limits import AskedNumber, LookupLimits
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import Service
from tests.residency.samples import SEAL, StoppedClock, number, upkeep
from tests.residency.test_anomalies import look
from tests.residency.test_lookups import asking

CLERK = Asker("clerk", frozenset({"residence_officer"}), "RESIDENCE_CASE")
CALLS = Ceiling(Pattern.CALLS, "*", 60, 10)


@given(st.integers(0, 2**34), st.integers(1, 10**6))
def test_a_second_is_in_one_window(second: int, window_s: int) -> None:
    """It began at most a window ago, and what is left ends it."""
    ceiling = replace(CALLS, window_s=window_s)
    start = ceiling.window(second)

    assert start <= second < start + window_s
    assert second + ceiling.left_s(second) == start + window_s
    assert start % window_s == 0


def test_a_role_has_its_own_ceiling_and_the_highest_of_several() -> None:
    """Everybody's holds for those without one, even where theirs is lower."""
    low = replace(CALLS, role="guest", most=3)
    high = replace(CALLS, role="service", most=99)
    misses = replace(CALLS, pattern=Pattern.MISSES)
    rows = [high, CALLS, low, misses]

    calls = [
        ceilings_for(rows, roles)[Pattern.CALLS]
        for roles in ({"clerk"}, {"guest"}, {"guest", "service"})
    ]
    assert calls == [CALLS, low, high]
    assert ceilings_for(rows, {"guest"})[Pattern.MISSES] == misses
    assert ceilings_for([low], {"clerk"}) == {}


def replica(database: Database, clock: StoppedClock | None = None) -> LookupLimits:
    """Start counting in one more replica."""
    return LookupLimits(database, clock or StoppedClock(), SEAL)


def lookups_until_refused(limits: LookupLimits, **number_of: Any) -> tuple[int, str, int]:
    """Ask for one number after another; tell after how many which pattern refused, and when to come again."""
    step, found = number_of["step"], number_of["found"]
    for asked in range(10_000):
        try:
            limits.admit(CLERK)
        except LimitReachedError as error:
            return asked, error.metadata["pattern"], error.retry_after_s
        limits.note_number(CLERK, number(1 + asked * step), found=found)
    raise AssertionError("never refused")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("step", "found", "refused"),
    [
        (0, True, (60, "CALLS", 60)),
        (2, False, (20, "MISSES", 3600)),
        (1, True, (6, "SEQUENCES", 3600)),
    ],
)
async def test_each_pattern_has_its_ceiling(
    database: Database, step: int, refused: tuple[int, str, int], *, found: bool
) -> None:
    """The same person again and again, guessing, and trying numbers one by one; another caller is not held up."""
    limits = replica(database)
    await limits.exchange()

    assert lookups_until_refused(limits, step=step, found=found) == refused
    limits.admit(replace(CLERK, account="another"))


@pytest.mark.postgres
async def test_the_same_two_neighbours_again_and_again_are_no_sequence(database: Database) -> None:
    """Twins have numbers side by side, and both are looked at for one case."""
    limits = replica(database)
    await limits.exchange()
    for _ in range(25):
        for serial in (1, 2):
            limits.admit(CLERK)
            limits.note_number(CLERK, number(serial), found=True)


@pytest.mark.postgres
async def test_numbers_of_one_call_are_counted_as_if_asked_for_one_by_one(
    database: Database,
) -> None:
    """Misses, persons and neighbours, of whom some are asked for twice."""
    asked = [(number(serial), serial % 2 == 1) for serial in (1, 2, 5, 2, 4, 9)]
    together, one_by_one = replica(database), replica(database)
    for limits in (together, one_by_one):
        await limits.exchange()

    together.note_numbers(
        CLERK, [AskedNumber(one, SEAL.pseudonym(one), found) for one, found in asked]
    )
    await together.exchange()
    counted = await usage(database)
    for one, found in asked:
        one_by_one.note_number(CLERK, one, found=found)
    await one_by_one.exchange()

    assert counted == {"MISSES": 3, "PERSONS": 5, "SEQUENCES": 2}
    assert await usage(database) == {pattern: 2 * times for pattern, times in counted.items()}


async def ask(database: Database, limits: LookupLimits, serial: int) -> None:
    """Ask a replica for a number, and have it recorded."""
    limits.note_number(CLERK, number(serial), found=True)
    who = {"account": CLERK.account, "roles": sorted(CLERK.roles)}
    await look(database, 1, subjects=[SEAL.pseudonym(number(serial))], **who)


@pytest.mark.postgres
async def test_numbers_one_after_another_are_known_whichever_replica_is_asked(
    database: Database,
) -> None:
    """In turn, as a balancer has it, a few within each exchange: as if one replica had been asked for all."""
    replicas = [replica(database) for _ in range(3)]
    for each in replicas:
        await each.exchange()
    for serial in range(10):
        await ask(database, replicas[serial % 3], serial)
        if serial % 4 == 3:
            for each in replicas:
                await each.exchange()
    # What was found by an exchange is told by the next.
    for each in replicas * 2:
        await each.exchange()

    assert (await usage(database))["SEQUENCES"] >= 9
    for each in replicas:
        with pytest.raises(LimitReachedError) as refused:
            each.admit(CLERK)
        assert refused.value.metadata["pattern"] == "SEQUENCES"


@pytest.mark.postgres
async def test_one_replica_counts_no_number_twice_for_its_own_records(database: Database) -> None:
    """It reads them too: the same numbers in the same order are as many, recorded or not."""
    limits = replica(database)
    await limits.exchange()
    for serial in (1, 2, 5, 4, 9, 2, 3):
        await ask(database, limits, serial)
        await limits.exchange()
    await limits.exchange()

    assert await usage(database) == {"PERSONS": 6, "SEQUENCES": 3}


@pytest.mark.postgres
async def test_numbers_apart_and_those_of_others_are_no_sequence(database: Database) -> None:
    """Two replicas, numbers two apart; and somebody else's number between them."""
    one, other = replica(database), replica(database)
    for each in (one, other):
        await each.exchange()
    await ask(database, one, 1)
    await ask(database, other, 3)
    await look(database, 1, subjects=[SEAL.pseudonym(number(2))], account="another")
    for each in (one, other) * 2:
        await each.exchange()
    await ask(database, one, 5)

    assert "SEQUENCES" not in await usage(database)


async def usage(database: Database) -> dict[str, int]:
    """Tell what all replicas have counted."""
    async with database.transaction() as tx:
        rows = await tx.execute(
            text("select pattern, sum(count)::int from lookup_usage group by 1")
        )
        return dict(rows.all())  # type: ignore[arg-type] # two columns


@pytest.mark.postgres
async def test_different_persons_are_counted_once_a_day(database: Database) -> None:
    """Minute by minute within the ceiling of calls."""
    clock = StoppedClock()
    limits = replica(database, clock)
    await limits.exchange()
    limits.note_persons(CLERK, [f"s{one}" for one in range(300)] * 2)
    limits.note_persons(replace(CLERK, account="other"), [f"s{one}" for one in range(299)])
    with pytest.raises(LimitReachedError) as refused:
        limits.admit(CLERK)
    limits.admit(replace(CLERK, account="other"))
    clock.now += timedelta(seconds=refused.value.retry_after_s)
    limits.admit(CLERK)

    assert refused.value.metadata["pattern"] == "PERSONS"


@pytest.mark.postgres
async def test_lists_at_once_pass_the_ceiling_of_persons_by_one_page(database: Database) -> None:
    """Each sees whom those before it showed, so it makes no difference to ask all at the same time."""
    limits = replica(database)
    await limits.exchange()

    async def list_fifty(page: int) -> int:
        async with limits.listing(CLERK):
            await asyncio.sleep(0)
            limits.note_persons(CLERK, [f"s{page}-{one}" for one in range(50)])
        return 50

    told = await asyncio.gather(*map(list_fifty, range(60)), return_exceptions=True)
    shown = [one for one in told if isinstance(one, int)]
    refused = [one for one in told if isinstance(one, LimitReachedError)]

    assert sum(shown) == 300
    assert len(refused) == 54


@pytest.mark.postgres
async def test_replicas_share_their_counts_also_over_a_restart(database: Database) -> None:
    """What one let in counts at the others after an exchange, and is not forgotten."""
    one, other = replica(database), replica(database)
    for each in (one, other):
        await each.exchange()
        for _ in range(30):
            each.admit(CLERK)
    await one.exchange()
    await other.exchange()
    await one.exchange()
    restarted = replica(database)
    await restarted.exchange()
    for each in (one, other, restarted):
        with pytest.raises(LimitReachedError):
            each.admit(CLERK)


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(4))
async def test_replicas_let_in_what_a_plain_model_lets_in(database: Database, seed: int) -> None:
    """Three of them, calls and exchanges in any order: each knows what all had stored, and its own since."""
    chance = random.Random(seed)  # noqa: S311 - a test's order of events
    replicas = [replica(database) for _ in range(3)]
    stored, known, own = 0, [0, 0, 0], [0, 0, 0]
    for each in replicas:
        await each.exchange()
    let_in = []
    for _ in range(300):
        one = chance.randrange(3)
        if chance.random() < 0.1:
            await replicas[one].exchange()
            stored += own[one]
            known[one], own[one] = stored, 0
            continue
        try:
            replicas[one].admit(CLERK)
        except LimitReachedError:
            assert known[one] + own[one] >= 60
        else:
            assert known[one] + own[one] < 60
            own[one] += 1
            let_in.append(one)

    assert 60 <= len(let_in) < 300


@pytest.mark.postgres
async def test_what_could_not_be_shared_still_counts(
    database: Database, test_database: TestDatabase
) -> None:
    """A failed exchange loses nothing; it is shared by the next, once."""
    limits = replica(database)
    await limits.exchange()
    for _ in range(30):
        limits.admit(CLERK)
    owner = Database.connect(test_database.owner_url)
    async with owner.transaction() as tx:
        await tx.execute(text("alter table lookup_usage rename to elsewhere"))
    with pytest.raises(Exception, match="lookup_usage"):
        await limits.exchange()
    async with owner.transaction() as tx:
        await tx.execute(text("alter table elsewhere rename to lookup_usage"))
    await owner.close()
    for _ in range(2):
        await limits.exchange()
    for _ in range(30):
        limits.admit(CLERK)
    with pytest.raises(LimitReachedError):
        limits.admit(CLERK)


@pytest.mark.postgres
async def test_without_known_ceilings_nobody_looks_anybody_up(database: Database) -> None:
    """Until the first exchange."""
    with pytest.raises(DatabaseUnavailableError):
        replica(database).admit(CLERK)


@pytest.mark.postgres
async def test_old_counts_are_forgotten(database: Database) -> None:
    """Once no window or report needs them."""
    clock = StoppedClock()
    limits = replica(database, clock)
    await limits.exchange()
    limits.admit(CLERK)
    await limits.exchange()

    assert await upkeep(database, clock).forget_usage(timedelta(days=31)) == 0
    clock.now += timedelta(days=32)
    assert await upkeep(database, clock).forget_usage(timedelta(days=31)) == 1


@pytest.mark.postgres
@pytest.mark.nats
async def test_a_caller_who_guesses_is_refused_and_told_when_to_come_again(
    service_at_noon: Service,
) -> None:
    """RESOURCE_EXHAUSTED with RetryInfo; the refusal is accounted for, and verification is limited alike."""
    token = service_at_noon.make_token("residence_officer")
    metadata = (("authorization", f"Bearer {token}"),)
    for serial in range(10, 50, 2):
        await service_at_noon.method("LookupPerson")(asking(serial=serial), metadata=metadata)
    with pytest.raises(aio.AioRpcError) as refused:
        await service_at_noon.method("LookupPerson")(asking(serial=98), metadata=metadata)
    status = rpc_status.from_call(refused.value)  # type: ignore[arg-type] # it has what is read
    retry = error_details_pb2.RetryInfo()
    status.details[-1].Unpack(retry)
    records = await service_at_noon.access_records()

    assert refused.value.code().name == "RESOURCE_EXHAUSTED"
    assert 0 < retry.retry_delay.seconds <= 3600
    assert (records[-1].outcome, records[-1].subject) == (
        "LIMIT_REACHED",
        SEAL.pseudonym(number(98)),
    )
