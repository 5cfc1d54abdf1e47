"""The population database down, slow or lying: no case is lost, and none is decided but by people."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import select

from residency import tables
from simulator.population.server import Fault
from tests.residency.desk import OFFICER, SECOND_OFFICER, Desk, declared, temporary
from tests.residency.samples import add_building
from tests.residency.test_lookup_limits import usage
from ward.residency.v1 import cases_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

IDENTITY = {"ground": pb.REFUSAL_GROUND_IDENTITY_NOT_CONFIRMED, "reason": "Không xác minh được"}


async def verifying(desk: Desk, *members: pb.DeclaredPerson) -> str:
    """Bring a case to where the population database is asked."""
    place = await add_building(desk.database)
    case_number = await desk.accepted(temporary(place.dwelling_ids[0], *members))
    await desk.act(OFFICER, "VerifyCase", case_number)
    return case_number


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.STRAYING, Fault.SHAPELESS, Fault.HALF], ids=str
)
async def test_what_is_no_whole_answer_leaves_the_case_pending_until_there_is_one(
    desk: Desk, fault: Fault
) -> None:
    """Nobody is refused for it, nothing is approved on it, and it is asked again by itself."""
    desk.population.fault = fault
    case_number = await verifying(desk)
    await desk.until_asked(1)
    refused = await desk.refusal(OFFICER, "RefuseCase", case_number, **IDENTITY)
    approved = await desk.refusal(SECOND_OFFICER, "ApproveCase", case_number)
    pending = (await desk.get(case_number)).case
    desk.population.fault = Fault.NONE
    desk.clock.now += timedelta(minutes=20)
    answered = await desk.until_answered(case_number)

    assert refused.reason == approved.reason == "IDENTITY_CHECK_PENDING"
    assert "chưa trả lời" in refused.vietnamese
    assert pending.state == pb.CASE_STATE_VERIFYING
    assert pending.identity_check == pb.IDENTITY_CHECK_PENDING
    assert answered.identity_check == pb.IDENTITY_CHECK_MATCH
    assert answered.state == pb.CASE_STATE_VERIFYING


async def test_a_slow_database_holds_nobody_up(desk: Desk) -> None:
    """The officer is answered at once, other cases go on, and the original decides."""
    desk.population.fault = Fault.SLOW
    case_number = await verifying(desk)
    await desk.until_asked(1)
    await desk.act(OFFICER, "VerifyCase", case_number, original_seen=True)
    recorded = await desk.act(SECOND_OFFICER, "ApproveCase", case_number)

    assert recorded.case.identity_check == pb.IDENTITY_CHECK_ORIGINAL_SEEN
    assert recorded.case.state == pb.CASE_STATE_RECORDED
    assert await questions(desk) == []


async def test_to_have_identities_verified_counts_as_looks(desk: Desk) -> None:
    """Whoever writes cases to find out whose numbers they are meets the ceilings that looks meet."""
    await verifying(desk, declared(2))
    counted: dict[str, int] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(30):
            # What is counted is shared every second, be it between the call and whom it was about.
            while counted != {"CALLS": 1, "PERSONS": 2}:
                await asyncio.sleep(0.1)
                counted = await usage(desk.database)

    assert counted == {"CALLS": 1, "PERSONS": 2}


async def test_a_lie_decides_nothing(desk: Desk) -> None:
    """An officer does, in writing where the database disagrees, and may hold it for wrong."""
    desk.population.fault = Fault.LYING
    case_number = await verifying(desk)
    doubtful = await desk.until_answered(case_number)
    silent = await desk.refusal(SECOND_OFFICER, "ApproveCase", case_number)
    recorded = await desk.act(
        SECOND_OFFICER, "ApproveCase", case_number, finding="Đã đối chiếu thẻ căn cước bản gốc"
    )

    assert doubtful.identity_check == pb.IDENTITY_CHECK_NOT_FOUND
    assert doubtful.state == pb.CASE_STATE_VERIFYING
    assert silent.reason == "FIELD_INVALID"
    assert recorded.case.state == pb.CASE_STATE_RECORDED


async def test_a_mismatch_is_for_a_person_to_decide(desk: Desk) -> None:
    """One field of one member is enough for the doubt; refusing is then possible, and nobody does it by itself."""
    other_name = declared(2, full_name="Trần Thị Ví Dụ")
    case_number = await verifying(desk, other_name)
    doubtful = await desk.until_answered(case_number)
    refused = await desk.act(OFFICER, "RefuseCase", case_number, **IDENTITY)

    assert doubtful.identity_check == pb.IDENTITY_CHECK_MISMATCH
    assert refused.case.state == pb.CASE_STATE_REFUSED


async def questions(desk: Desk) -> list[int]:
    """Tell which persons are asked about."""
    async with desk.database.transaction() as tx:
        return list((await tx.scalars(select(tables.population_checks.c.person))).all())
