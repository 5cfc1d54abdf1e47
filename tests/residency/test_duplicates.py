"""Persons who may be on the register twice are found by what the records have in common, and only so."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from chassis.storage.database import Database
from residency import tables
from residency.domain.duplicates import Alike, DuplicateReason, Finding, Occasion, Pair
from residency.domain.lookups.decoys import Decoy
from residency.domain.persons.identity import IdentityCorrection, Sex
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.residence.registrations import ResidenceApplication, ResidenceKind, Term
from residency.operations.duplicates import DuplicateSearch
from residency.repository import duplicates, residence
from residency.repository.decoys import add as add_decoy
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import (
    NOON,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    number,
    person_operations,
    request,
    residence_operations,
)

SAME, ONE_DIGIT, TRANSPOSED = DuplicateReason
NUMBERS = st.text("0123456789", min_size=12, max_size=12).map(PersonalIdNumber)
NAMES = ("Phạm Thị Giả Định", "PHAM THI GIA DINH", "Trần Văn Ví Dụ")
BIRTHS = ("1990-05-17", "1990-05-18", "1990-05", "1990", "1991-05-17")
# Apart from others in the thousands, so that near ones are near by their last digits only.
FAMILIES = count(1)


@dataclass(frozen=True)
class Somebody:
    """A person of the plain model."""

    number: PersonalIdNumber
    name: str
    born: PartialDate
    sex: Sex

    def application(self, dwelling_id: UUID) -> ResidenceApplication:
        """Apply for a residence."""
        return ResidenceApplication(
            dwelling_id=dwelling_id,
            kind=ResidenceKind.PERMANENT,
            number=self.number,
            full_name=FullName.parse(self.name),
            birth_date=self.born,
            sex=self.sex,
            term=Term(TODAY, None),
        )


PHAM = Somebody(number(100_001), NAMES[0], PartialDate(1990, 5, 17), Sex.FEMALE)


def one_digit_apart(one: str, other: str) -> bool:
    """Compare numbers digit by digit."""
    return sum(a != b for a, b in zip(one, other, strict=True)) == 1


def swapped(one: str, other: str) -> bool:
    """Swap each two neighbouring digits of a number that differ."""
    return one != other and any(
        one[:at] + one[at + 1] + one[at] + one[at + 2 :] == other for at in range(len(one) - 1)
    )


def expected(one: Somebody, other: Somebody) -> set[DuplicateReason]:
    """Tell why two may be the same, in the plainest way."""
    name = FullName.parse(one.name).plain == FullName.parse(other.name).plain
    birth = one.born.agrees_with(other.born) and one.sex is other.sex
    digits = (one.number.digits, other.number.digits)
    found = {SAME: name and birth}
    found[ONE_DIGIT] = one_digit_apart(*digits) and (name or birth)
    found[TRANSPOSED] = swapped(*digits) and (name or birth)
    return {reason for reason, holds in found.items() if holds}


async def enter(database: Database, people: Sequence[Somebody]) -> list[UUID]:
    """Put people on the register; tell their ids."""
    entered = []
    async with database.transaction() as tx:
        for one in people:
            application = one.application(uuid4())
            entered.append(
                await residence.find_or_enter_person(tx, application, SEAL, uuid4(), NOON)
            )
    return entered


async def candidates(database: Database) -> list[Any]:
    """Read the candidates there are."""
    async with database.transaction() as tx:
        return list((await tx.execute(select(tables.duplicate_candidates))).all())


@given(NUMBERS, NUMBERS, st.integers(0, 11), st.sampled_from("0123456789"))
def test_numbers_share_a_form_if_they_are_easily_mistyped(
    one: PersonalIdNumber, other: PersonalIdNumber, at: int, digit: str
) -> None:
    """One digit open: those one digit apart. Two in no order: those with two swapped. No others."""
    digits = one.digits
    changed = digits[:at] + digit + digits[at + 1 :]
    turned = digits[:at] + digits[at : at + 2][::-1] + digits[at + 2 :]
    for near in (other, PersonalIdNumber(changed), PersonalIdNumber(turned)):
        if near == one:
            continue
        shared = set(one.one_digit_open) & set(near.one_digit_open)
        unordered = set(one.two_digits_unordered) & set(near.two_digits_unordered)

        assert bool(shared) == one_digit_apart(digits, near.digits)
        assert bool(unordered) == swapped(digits, near.digits)


def test_nearness_is_keyed_and_tells_no_number() -> None:
    """The hashes of one number are all different, and those of near numbers share one."""
    near = SEAL.nearness(PersonalIdNumber("999090123456"))
    mistyped = SEAL.nearness(PersonalIdNumber("999090123450"))
    turned = SEAL.nearness(PersonalIdNumber("999090124356"))

    assert len({*near.one_digit, *near.transposed}) == 12 + 11
    # The order tells no place of a digit.
    assert near.one_digit == sorted(near.one_digit)
    assert near.transposed == sorted(near.transposed)
    assert len(set(near.one_digit) & set(mistyped.one_digit)) == 1
    assert not set(near.transposed) & set(mistyped.transposed)
    assert len(set(near.transposed) & set(turned.transposed)) == 1


@pytest.mark.parametrize(
    ("alike", "reasons"),
    [
        (Alike(name=True, birth=True, one_digit=False, transposed=False), (SAME,)),
        (Alike(name=True, birth=True, one_digit=True, transposed=False), (SAME, ONE_DIGIT)),
        (Alike(name=True, birth=False, one_digit=True, transposed=False), (ONE_DIGIT,)),
        (Alike(name=False, birth=True, one_digit=False, transposed=True), (TRANSPOSED,)),
        (Alike(name=True, birth=False, one_digit=False, transposed=False), ()),
        (Alike(name=False, birth=False, one_digit=True, transposed=True), ()),
    ],
)
def test_near_numbers_alone_say_nothing(
    alike: Alike, reasons: tuple[DuplicateReason, ...]
) -> None:
    """Numbers are given out in sequence: neighbours in the sequence need a name or a birth in common."""
    assert alike.reasons == reasons


@pytest.mark.postgres
async def test_the_register_finds_what_a_plain_model_finds(
    test_database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever records there are, whoever is compared, and by a search of all: the pairs of the model, each once."""
    # So that numbers are compared in several portions.
    monkeypatch.setattr(duplicates, "_NUMBERS_AT_ONCE", 5)
    people = st.lists(
        st.tuples(
            st.sampled_from(("12", "13", "21", "22", "98")),
            st.sampled_from(NAMES),
            st.sampled_from(BIRTHS),
            st.sampled_from(Sex),
        ),
        min_size=2,
        max_size=6,
        unique_by=lambda one: one[0],
    )

    async def found_as_expected(made: list[tuple[str, str, str, Sex]]) -> None:
        family = next(FAMILIES)
        group = [
            # Other examples are two digits away or more, and of other names and years.
            Somebody(
                PersonalIdNumber(f"999{family:03d}{family:03d}0{end}"),
                f"{name} {'abcdefghij'[family % 10]} {'klmnopqrst'[family // 10 % 10]}",
                replace(PartialDate.parse(born), year=1900 + family),
                sex,
            )
            for end, name, born, sex in made
        ]
        database = Database.connect(test_database.url)
        try:
            ids = await enter(database, group)
            by_id = dict(zip(ids, group, strict=True))
            plain = {
                frozenset(pair): expected(*(by_id[one] for one in pair))
                for pair in combinations(ids, 2)
            }
            plain = {pair: reasons for pair, reasons in plain.items() if reasons}
            async with database.transaction() as tx:
                first = await duplicates.alike(tx, ids[:1])
                every = await duplicates.alike(tx, ids)
            counted = [
                one.found async for one in DuplicateSearch(database, StoppedClock()).count()
            ]
            async for _ in DuplicateSearch(database, StoppedClock()).search():
                pass
            entered = await candidates(database)
        finally:
            await database.close()
        told = {frozenset({one.first_id, one.second_id}): set(one.reasons) for one in every}
        kept = {frozenset({one.first_id, one.second_id}): set(one.reasons) for one in entered}

        assert told == plain
        assert len(told) == len(every)
        assert {frozenset({one.first_id, one.second_id}) for one in first} == {
            pair for pair in plain if ids[0] in pair
        }
        assert counted[-1] == len(plain)
        assert {pair: reasons for pair, reasons in kept.items() if pair <= set(ids)} == plain
        assert len(kept) == len(entered)

    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(people)
    def search(made: list[tuple[str, str, str, Sex]]) -> None:
        with asyncio.Runner() as runner:
            runner.run(found_as_expected(made))

    await asyncio.to_thread(search)


@pytest.mark.postgres
async def test_whoever_is_registered_is_compared_and_a_pair_is_asked_once(
    database: Database,
) -> None:
    """In the transaction of the registration; decoys are compared with nobody."""
    dwelling, other = (await add_building(database, 2)).dwelling_ids
    operations = residence_operations(database)
    async with database.transaction() as tx:
        decoy = Decoy(number(100_002), FullName.parse(PHAM.name), PHAM.born, PHAM.sex)
        await add_decoy(tx, decoy, uuid4(), SEAL, NOON)
    await operations.register(PHAM.application(dwelling), "request-1", b"x")
    none = await candidates(database)
    twin = replace(PHAM, number=number(234_567), name=NAMES[1])
    await operations.register(twin.application(other), "request-2", b"x")
    late = replace(
        twin.application(dwelling), kind=ResidenceKind.TEMPORARY, term=Term(TODAY, None)
    )
    late = replace(late, term=Term(TODAY, TODAY.replace(year=TODAY.year + 1)))
    await operations.register(late, "request-3", b"x")
    found = await candidates(database)

    assert none == []
    assert [(one.reasons, one.state, one.occasion) for one in found] == [
        ([SAME], "OPEN", Occasion.REGISTRATION)
    ]
    assert found[0].first_id < found[0].second_id


@pytest.mark.postgres
async def test_whoever_is_corrected_is_compared_anew(database: Database) -> None:
    """Also by the number: what is near to it follows the correction."""
    twin = replace(PHAM, number=number(300_003), name=NAMES[2])
    await enter(database, [PHAM, twin])
    right = IdentityCorrection(number(100_009), None, None, None, None)
    await person_operations(database).correct(twin.number, right, request())
    found = await candidates(database)

    assert [(one.reasons, one.occasion) for one in found] == [([ONE_DIGIT], Occasion.CORRECTION)]


@pytest.mark.postgres
async def test_a_search_goes_on_where_it_ended_and_a_dry_run_enters_nothing(
    database: Database,
) -> None:
    """Three pairs of three years: one year at a time and then the numbers, however often it is broken off."""
    people = [
        replace(PHAM, number=number(111_000 * year + end), born=PartialDate(1980 + year))
        for year in (1, 2, 3)
        for end in (1, 99)
    ]
    await enter(database, people)
    search = DuplicateSearch(database, StoppedClock())
    dry = [(one.done, one.of, one.found) async for one in search.count()]
    nothing = await candidates(database)
    running = search.search()
    first = await anext(running)
    await running.aclose()
    halfway = await candidates(database)
    rest = [(one.done, one.of, one.found) async for one in search.search()]
    again = [(one.done, one.of, one.found) async for one in search.search()]

    assert dry == [(1, 4, 1), (2, 4, 2), (3, 4, 3), (4, 4, 3)]
    assert nothing == []
    assert (first.done, first.of, first.found, len(halfway)) == (1, 4, 1, 1)
    assert rest == [(1, 3, 1), (2, 3, 2), (3, 3, 2)]
    assert again == [(1, 4, 0), (2, 4, 0), (3, 4, 0), (4, 4, 0)]
    assert len(await candidates(database)) == 3


@pytest.mark.postgres
async def test_numbers_from_before_are_counted_and_not_opened(database: Database) -> None:
    """A record whose nearness was never kept is compared by name and birth only, and that is told."""
    (known,) = await enter(database, [PHAM])
    legacy = uuid4()
    async with database.transaction() as tx:
        row = (await tx.execute(select(tables.persons))).mappings().one()
        old = number(100_009)
        await tx.execute(
            insert(tables.persons).values(
                {
                    **row,
                    "person_id": legacy,
                    "number_index": SEAL.blind_index(old),
                    "number_sealed": SEAL.seal(old, legacy),
                }
            )
        )
    search = DuplicateSearch(database, StoppedClock())
    async for _ in search.search():
        pass

    assert await search.count_without_nearness() == 1
    assert known != legacy
    assert await candidates(database) == []


@pytest.mark.postgres
async def test_however_many_pairs_are_entered_at_once(database: Database) -> None:
    """More than one statement has parameters for; again they are none."""
    people = [
        replace(PHAM, number=number(400_000 + 13 * serial), name=NAMES[0]) for serial in range(90)
    ]
    ids = sorted(await enter(database, people))
    pairs = [Pair(first, second, (SAME,)) for first, second in combinations(ids, 2)]
    finding = Finding("", Occasion.SEARCH, NOON)
    async with database.transaction() as tx:
        found = await duplicates.add(tx, pairs, finding, uuid4)
        again = await duplicates.add(tx, pairs[::-1], finding, uuid4)

    assert (found, again) == (len(pairs), 0)
    assert len(await candidates(database)) == len(pairs) > 32_767 // 9
