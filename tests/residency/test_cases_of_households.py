"""Cases that change households and what the register says of persons, at the running service."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from google.type import date_pb2
from grpc import aio
from sqlalchemy import select

from residency.tables import household_memberships, person_corrections, persons
from residency.tables.bitemporal import holds_on
from tests.residency.desk import (
    CITIZEN,
    NAME,
    OFFICER,
    SECOND_OFFICER,
    Desk,
    declared,
    temporary,
)
from tests.residency.refusals import refusal_of
from tests.residency.samples import SEAL, TODAY, add_building, number
from ward.residency.v1 import cases_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

FIRST = date_pb2.Date(year=2026, month=11, day=20)
FIRST_DAY = date_pb2.Date(year=2026, month=11, day=1)
RENAMED = "Phạm Thị Giả Thiết"
NEXT_TERM = date(2028, 1, 1)


async def household(desk: Desk) -> UUID:
    """Register three persons as one household, the first of them its householder; tell the dwelling."""
    place = await add_building(desk.database)
    dwelling_id = place.dwelling_ids[0]
    await recorded(desk, temporary(dwelling_id, declared(2), declared(3)))
    return dwelling_id


async def recorded(desk: Desk, declaration: pb.ResidenceDeclaration) -> str:
    """Bring a case to the register; tell its number."""
    case_number = await desk.seen(declaration)
    await desk.act(SECOND_OFFICER, "ApproveCase", case_number)
    return case_number


async def refused(desk: Desk, declaration: pb.ResidenceDeclaration) -> str:
    """Bring a case to where its approval is refused; tell the reason."""
    case_number = await desk.seen(declaration)
    return (await desk.refusal(SECOND_OFFICER, "ApproveCase", case_number)).reason


async def households(desk: Desk, day: date = TODAY) -> list[dict[int, str]]:
    """Tell the households of a day, the larger ones first: what each person is to the householder."""
    serials = {SEAL.blind_index(number(serial)): serial for serial in (1, 2, 3)}
    columns = household_memberships.c
    statement = (
        select(columns.household_id, columns.relationship_to_householder, persons.c.number_index)
        .join(persons, persons.c.person_id == columns.person_id)
        .where(holds_on(household_memberships, day))
    )
    found: dict[UUID, dict[int, str]] = {}
    async with desk.database.transaction() as tx:
        for row in await tx.execute(statement):
            member = {serials[row.number_index]: row.relationship_to_householder}
            found.setdefault(row.household_id, {}).update(member)
    return sorted(found.values(), key=len, reverse=True)


async def kept(desk: Desk) -> list[Any]:
    """Read what the register said of persons before it was corrected."""
    async with desk.database.transaction() as tx:
        return list((await tx.execute(select(person_corrections))).all())


def split(dwelling_id: UUID, *members: pb.DeclaredPerson) -> pb.ResidenceDeclaration:
    """Declare a household of their own for the second person and members."""
    return temporary(
        dwelling_id,
        *members,
        declarant=declared(2),
        household_split=pb.HouseholdSplitChange(valid_from=FIRST),
    )


async def test_members_split_off_into_a_household_of_their_own(desk: Desk) -> None:
    """From the declared day on; before it they belonged where they did, and nobody moved out."""
    dwelling_id = await household(desk)
    case_number = await recorded(desk, split(dwelling_id, declared(3)))
    whole = await desk.get(case_number)

    assert await households(desk) == [{2: "HOUSEHOLDER", 3: "CHILD"}, {1: "HOUSEHOLDER"}]
    assert await households(desk, date(2026, 11, 19)) == [
        {1: "HOUSEHOLDER", 2: "CHILD", 3: "CHILD"}
    ]
    assert whole.case.kind == pb.CASE_KIND_HOUSEHOLD_SPLIT
    assert "Thủ tục: Tách hộ" in whole.notices[-1].text
    assert whole.declaration.household_split.valid_from == FIRST


async def test_who_does_not_belong_to_the_household_cannot_split_off_with_it(desk: Desk) -> None:
    """Nothing changes, and the case waits for another decision; an unknown relationship is not even declared."""
    dwelling_id = await household(desk)
    await recorded(desk, split(dwelling_id))
    stranger = await refused(desk, split(dwelling_id, declared(3)))
    friend = declared(3, relationship_to_householder="bạn cùng lớp")
    since = pb.ChangeOfInformation(new_householder_from=FIRST)
    supplemented = await desk.accepted(split(dwelling_id, declared(3)))
    await desk.act(OFFICER, "RequestSupplement", supplemented, missing="Quan hệ với chủ hộ")

    assert stranger == "NOT_A_HOUSEHOLD_MEMBER"
    for unknown in (
        split(dwelling_id, friend),
        temporary(dwelling_id, friend, declarant=declared(2), change_of_information=since),
    ):
        with pytest.raises(aio.AioRpcError) as undeclared:
            await desk.create(unknown)
        assert refusal_of(undeclared.value).reason == "FIELD_INVALID"
    later = await desk.refusal(
        CITIZEN, "SupplementCase", supplemented, declaration=split(dwelling_id, friend)
    )
    assert later.reason == "FIELD_INVALID"
    assert await households(desk) == [{1: "HOUSEHOLDER", 3: "CHILD"}, {2: "HOUSEHOLDER"}]


async def test_the_register_takes_over_what_is_declared_and_keeps_what_it_said(desk: Desk) -> None:
    """Of who is declared otherwise than it said; who is declared the same is not corrected."""
    dwelling_id = await household(desk)
    information = temporary(
        dwelling_id,
        declared(2),
        declarant=declared(1, full_name=RENAMED),
        change_of_information=pb.ChangeOfInformation(),
    )
    case_number = await recorded(desk, information)
    (before,) = await kept(desk)
    async with desk.database.transaction() as tx:
        names = (await tx.scalars(select(persons.c.full_name))).all()
    annulled = await desk.refusal(OFFICER, "CancelCase", case_number, reason="Nhầm người")

    assert sorted(names) == sorted([RENAMED, NAME, NAME])
    assert (before.full_name, before.reference) == (NAME, case_number)
    assert annulled.reason == "CASE_STATE_CONFLICT"


async def test_another_becomes_householder(desk: Desk) -> None:
    """From a day on, and what the members are to them is what is declared."""
    dwelling_id = await household(desk)
    information = temporary(
        dwelling_id,
        declared(1, relationship_to_householder="mẹ đẻ"),
        declared(3, relationship_to_householder="em"),
        declarant=declared(2),
        change_of_information=pb.ChangeOfInformation(new_householder_from=FIRST),
    )
    await recorded(desk, information)

    assert await households(desk) == [{1: "MOTHER", 2: "HOUSEHOLDER", 3: "YOUNGER_SIBLING"}]
    assert await households(desk, date(2026, 11, 19)) == [
        {1: "HOUSEHOLDER", 2: "CHILD", 3: "CHILD"}
    ]
    assert await kept(desk) == []


def of_householder(serial: int) -> dict[str, str]:
    """Name a householder."""
    return {
        "householder_name": NAME,
        "householder_personal_id_number": number(serial).digits,
    }


async def test_people_join_the_household_that_they_declare(desk: Desk) -> None:
    """Tenants are householders beside others; whoever names one of them joins that one, and a stranger is refused."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    for serial in (1, 2):
        head = declared(serial, relationship_to_householder="Chủ hộ")
        await recorded(desk, temporary(dwelling_id, declarant=head))
    joining = temporary(dwelling_id, declarant=declared(3), **of_householder(9))
    stranger = await refused(desk, joining)
    joining.householder_personal_id_number = number(2).digits
    await recorded(desk, joining)

    assert stranger == "FIELD_INVALID"
    assert await households(desk) == [{2: "HOUSEHOLDER", 3: "CHILD"}, {1: "HOUSEHOLDER"}]


async def test_a_member_who_is_declared_as_householder_founds_the_household(desk: Desk) -> None:
    """Whoever of a family that moves in declares it."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    head = declared(2, relationship_to_householder="Chủ hộ")
    await recorded(desk, temporary(dwelling_id, declared(3), head, **of_householder(2)))

    assert await households(desk) == [{1: "CHILD", 2: "HOUSEHOLDER", 3: "CHILD"}]


@pytest.mark.parametrize("called", ["Chủ hộ", "chủ  hộ", "CHỦ\u00a0HỘ "])
async def test_a_member_who_is_called_the_householder_founds_the_household(
    desk: Desk, called: str
) -> None:
    """Though nobody wrote the number once more, and however it is spaced."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    head = declared(2, relationship_to_householder=called)
    await recorded(desk, temporary(dwelling_id, declared(3), head))

    assert await households(desk) == [{1: "CHILD", 2: "HOUSEHOLDER", 3: "CHILD"}]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"household_split": pb.HouseholdSplitChange(valid_from=FIRST)},
        {"change_of_information": pb.ChangeOfInformation(new_householder_from=FIRST)},
    ],
    ids=["residence", "split", "new_householder"],
)
async def test_no_household_is_declared_with_two_householders(
    desk: Desk, change: dict[str, Any]
) -> None:
    """Whoever declares learns it at once, not the officer who looks for the other one in the register."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    first, second = (declared(one, relationship_to_householder="Chủ hộ") for one in (1, 2))
    with pytest.raises(aio.AioRpcError) as refused:
        await desk.create(temporary(dwelling_id, second, declarant=first, **change))

    assert "relationship_to_householder" in refusal_of(refused.value).vietnamese


async def test_who_is_called_the_householder_has_the_householders_number(desk: Desk) -> None:
    """Neither a member's number nor that of somebody who is in the dwelling already is another's."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    head = declared(1, relationship_to_householder="Chủ hộ")
    for other in (2, 3):
        contrary = temporary(dwelling_id, declared(2), declarant=head, **of_householder(other))
        with pytest.raises(aio.AioRpcError) as refused:
            await desk.create(contrary)
        assert "relationship_to_householder" in refusal_of(refused.value).vietnamese


async def test_a_householder_who_stays_keeps_the_household(desk: Desk) -> None:
    """Registered for longer with a newborn, say, who joins it; a member's number is not a householder's."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    head = declared(1, relationship_to_householder="Chủ hộ")
    await recorded(desk, temporary(dwelling_id, declared(2), declarant=head))
    permanent = pb.PermanentResidenceChange(dwelling_id=str(dwelling_id), valid_from=FIRST)
    member = temporary(dwelling_id, declarant=declared(3), **of_householder(2))
    refusal = await refused(desk, member)
    longer = temporary(dwelling_id, declared(3), declarant=head, permanent_residence=permanent)
    await recorded(desk, longer)

    assert refusal == "FIELD_INVALID"
    whole = {1: "HOUSEHOLDER", 2: "CHILD", 3: "CHILD"}
    assert await households(desk) == [whole]
    assert (await households(desk, date(2028, 1, 1))) == [{1: "HOUSEHOLDER", 3: "CHILD"}]


async def test_who_belongs_to_another_household_founds_none(desk: Desk) -> None:
    """The new one would be headless; once they have left the other, declarant or member, they head theirs."""
    places = [await add_building(desk.database) for _ in range(2)]
    first, second = (place.dwelling_ids[0] for place in places)
    head = declared(1, relationship_to_householder="Chủ hộ")
    registration_id = await registered(desk, temporary(first, declarant=head))
    moving = [
        temporary(second, declared(2), declarant=head),
        temporary(second, head, declarant=declared(2), **of_householder(1)),
    ]
    seen = [await desk.seen(one) for one in moving]
    refusals = [await desk.refusal(SECOND_OFFICER, "ApproveCase", one) for one in seen]
    before = await households(desk)
    ended = pb.DeregistrationChange(registration_id=registration_id, ended_on=FIRST_DAY)
    await recorded(desk, temporary(first, declarant=head, deregistration=ended))
    await desk.act(SECOND_OFFICER, "ApproveCase", seen[0])

    assert [one.reason for one in refusals] == ["FIELD_INVALID"] * 2
    assert before == [{1: "HOUSEHOLDER"}]
    assert await households(desk) == [{1: "HOUSEHOLDER", 2: "CHILD"}]


def renewal(
    desk: Desk, registration_id: str, *members: pb.DeclaredPerson, **fields: Any
) -> pb.ResidenceDeclaration:
    """Declare a further year, in the last days of a term."""
    desk.clock.now = datetime(2027, 10, 18, 5, tzinfo=UTC)
    until = date_pb2.Date(year=2028, month=11, day=1)
    asked = pb.RenewalChange(registration_id=registration_id, valid_until=until)
    return temporary(UUID(int=0), *members, **fields, renewal=asked)


async def registered(desk: Desk, declaration: pb.ResidenceDeclaration) -> str:
    """Bring a case of one person to the register; tell the registration."""
    (registration_id,) = (await desk.get(await recorded(desk, declaration))).registration_ids
    return registration_id


async def householder_and_child(desk: Desk, dwelling_id: UUID) -> tuple[str, str]:
    """Register person 1, who heads the household, and person 2 in it; tell their registrations."""
    head = declared(1, relationship_to_householder="Chủ hộ")
    first = await registered(desk, temporary(dwelling_id, declarant=head))
    joining = temporary(dwelling_id, declarant=declared(2), **of_householder(1))
    return first, await registered(desk, joining)


@pytest.mark.parametrize("relationship", ["Chủ hộ", "", "con đẻ"])
async def test_a_householder_who_renews_stays_the_householder(
    desk: Desk, relationship: str
) -> None:
    """Whatever they are said to be, as long as nobody else is declared to be it."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    head = declared(1, relationship_to_householder="Chủ hộ")
    first = await registered(desk, temporary(dwelling_id, declarant=head))
    again = declared(1, relationship_to_householder=relationship)
    await recorded(desk, renewal(desk, first, declarant=again))

    assert await households(desk, NEXT_TERM) == [{1: "HOUSEHOLDER"}]


async def test_a_term_is_renewed_once(desk: Desk) -> None:
    """Though it was asked for twice, and both were verified."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    first = await registered(desk, temporary(dwelling_id))
    asked = [await desk.seen(renewal(desk, first, declarant=declared(1))) for _ in range(2)]
    await desk.act(SECOND_OFFICER, "ApproveCase", asked[0])
    again = await desk.refusal(SECOND_OFFICER, "ApproveCase", asked[1])

    assert again.reason == "TEMPORARY_RESIDENCE_EXISTS"


async def test_who_declares_the_renewal_of_the_householder_does_not_become_it(desk: Desk) -> None:
    """Of whose residence it is stays the householder, and the declarant what they say."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    head = declared(1, relationship_to_householder="Chủ hộ")
    first = await registered(desk, temporary(dwelling_id, declarant=head))
    await recorded(desk, temporary(dwelling_id, declarant=declared(2), **of_householder(1)))
    householder = declared(1, relationship_to_householder="")
    await recorded(desk, renewal(desk, first, householder, declarant=declared(2)))

    assert await households(desk, NEXT_TERM) == [{1: "HOUSEHOLDER", 2: "CHILD"}]


async def test_a_member_renews_under_the_householder_of_the_new_term_only(desk: Desk) -> None:
    """Neither under a stranger, nor another household's, nor one who has not renewed; afterwards under that one."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    first, second = await householder_and_child(desk, dwelling_id)
    apart = declared(3, relationship_to_householder="Chủ hộ")
    permanent = pb.PermanentResidenceChange(dwelling_id=str(dwelling_id), valid_from=FIRST)
    await recorded(desk, temporary(dwelling_id, declarant=apart, permanent_residence=permanent))
    member = [
        await refused(desk, renewal(desk, second, declarant=declared(2), **of_householder(one)))
        for one in (9, 3, 1)
    ]
    head = declared(1, relationship_to_householder="Chủ hộ")
    await recorded(desk, renewal(desk, first, declarant=head))
    await recorded(desk, renewal(desk, second, declarant=declared(2), **of_householder(1)))

    assert member == ["FIELD_INVALID"] * 3
    assert await households(desk, NEXT_TERM) == [
        {1: "HOUSEHOLDER", 2: "CHILD"},
        {3: "HOUSEHOLDER"},
    ]


async def test_another_who_is_declared_follows_the_householder(desk: Desk) -> None:
    """The one who was it renews as what they are to that person."""
    dwelling_id = (await add_building(desk.database)).dwelling_ids[0]
    first, second = await householder_and_child(desk, dwelling_id)
    follower = declared(2, relationship_to_householder="Chủ hộ")
    await recorded(desk, renewal(desk, second, declarant=follower))
    mother = declared(1, relationship_to_householder="mẹ đẻ")
    await recorded(desk, renewal(desk, first, declarant=mother, **of_householder(2)))

    assert await households(desk, NEXT_TERM) == [{1: "MOTHER", 2: "HOUSEHOLDER"}]
