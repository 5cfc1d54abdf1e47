"""Search: whom a name or an address finds, in which order, and what is accounted for."""

import importlib.util
import random
import zlib
from collections.abc import Sequence
from types import ModuleType
from uuid import UUID

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select, text, update

from chassis.storage.database import Database
from residency import tables
from residency.domain.lookups.disclosure import Asker
from residency.domain.lookups.search import ANY_NAME, After, IndexedName, NameQuestion, Rank
from residency.domain.persons.identity import IdentityCorrection
from residency.domain.persons.person_name import FullName
from residency.domain.persons.sealing import subject_of
from residency.queries import search
from residency.queries.places import PlaceQueries
from residency.queries.search import SearchQueries
from tests.fixtures.servers import SERVICES, TestDatabase
from tests.residency.conftest import Service
from tests.residency.samples import (
    GAZETTEER,
    TODAY,
    add_building,
    application,
    number,
    person_operations,
    request,
    residence_operations,
)
from tests.residency.test_lookups import because
from ward.residency.v1 import lookups_pb2 as pb
from ward.residency.v1 import residency_pb2

OFFICER = Asker("officer", frozenset({"residence_officer"}), "RESIDENCE_CASE")
SYLLABLES = st.sampled_from(
    [
        "An",
        "Ân",
        "Bình",
        "Đặng",
        "Dung",
        "Đung",
        "Hòa",
        "Hoà",
        "Hoa",
        "Thị",
        "Thuý",
        "Thúy",
        "Ước",
        "Văn",
    ]
)
NAMES = st.lists(SYLLABLES, min_size=1, max_size=4).map(" ".join)


async def register_all(database: Database, names: Sequence[str], address: str = "") -> None:
    """Register people of these names, in one building."""
    place = await add_building(database, address=address or "số 12 ngõ 34, phố Thử Nghiệm")
    operations = residence_operations(database)
    for name in names:
        entering = application(place.dwelling_ids[0], serial_of(name), full_name=name)
        await operations.register(entering, f"request-{serial_of(name)}", b"x")


def serial_of(name: str) -> int:
    """Tell the serial number in the identification number of who has a name."""
    return zlib.crc32(name.encode()) % 10**6


async def find(
    database: Database, name: str = "", address: str = "", limit: int = 50
) -> list[tuple[str, Rank]]:
    """Search as the residence officer; tell names and ranks."""
    queries, found = SearchQueries(database), []
    question = NameQuestion.parse(name) if name else ANY_NAME
    terms = GAZETTEER.asked_terms(GAZETTEER.parse(address)) if address else []
    after = None
    while True:
        _, page = await queries.search_persons(question, terms, OFFICER, TODAY, after, limit)
        found += [(match.person.full_name.text, match.rank) for match in page.matches]
        if len(page.matches) < limit:
            return found
        last = page.matches[-1]
        after = After(last.rank, last.person.person_id)


@given(NAMES, st.randoms())
def test_a_name_is_found_by_its_words_in_any_order_the_last_begun(
    name: str, chance: random.Random
) -> None:
    """Typed in capitals, without diacritics, shuffled, and the last word cut short."""
    words = FullName(name).plain.upper().split()
    chance.shuffle(words)
    words[-1] = words[-1][:1]
    typed = " ".join(words)
    if len(typed.replace(" ", "")) > 1:
        assert set(NameQuestion.parse(typed).terms) <= set(IndexedName.of(FullName(name)).terms)


def test_what_nobody_sees_of_a_name_is_not_looked_for() -> None:
    """Marks that come with what is copied out of a page or a table."""
    assert NameQuestion.parse("\u202aĐặng\u200b Thị Ánh\ufeff") == NameQuestion.parse(
        "Đặng Thị Ánh"
    )


@pytest.mark.parametrize("typed", ["", " ", "n", "999090000001", "Nguyễn%", "-", "a" * 121])
def test_what_is_no_name_is_not_looked_for(typed: str) -> None:
    """One letter would list the register."""
    with pytest.raises(ValueError, match=r".+"):
        NameQuestion.parse(typed)


@pytest.mark.postgres
async def test_better_answers_come_first_and_equals_as_in_a_vietnamese_list(
    database: Database,
) -> None:
    """The name itself, other diacritics, what begins so, other orders; pages of one show the same."""
    await register_all(
        database,
        [
            "Vũ Hòa An",
            "Vũ Hoa An",
            "Vũ Hóa An",
            "Vũ Hòa Anh",
            "Vũ Hòa Ánh Dương",
            "An Vũ Hoà",
            "Hòa Vũ Minh Ân",
            "Vũ Hòa Bình",
            "Vũ Thị An",
        ],
    )
    expected = [
        ("Vũ Hòa An", Rank.SAME),
        ("Vũ Hoa An", Rank.SAME_LETTERS),
        ("Vũ Hóa An", Rank.SAME_LETTERS),
        ("Vũ Hòa Anh", Rank.BEGINS_AS_TYPED),
        ("Vũ Hòa Ánh Dương", Rank.BEGINS_AS_TYPED),
        ("An Vũ Hoà", Rank.OTHER_ORDER_AS_TYPED),
        ("Hòa Vũ Minh Ân", Rank.ALL_WORDS_AS_TYPED),
    ]

    assert await find(database, "vũ hoà an") == expected
    assert await find(database, "vũ hoà an", limit=1) == expected
    assert await find(database, "vũ hoà an", limit=2) == expected
    assert ("An Vũ Hoà", Rank.SAME_LETTERS) in await find(database, "AN VU HOA")
    assert await find(database, "vu hoa an dung") == []


@pytest.mark.postgres
async def test_words_typed_with_diacritics_are_found_as_typed_first(database: Database) -> None:
    """Among names that answer equally well; words without diacritics mean any, on pages of any size."""
    surnames, givens = ("Trần", "Trân", "Tran"), ("Hùng", "Hưng", "Hưng Anh", "Hùng Anh")
    names = [f"{one} Văn {two}" for one in surnames for two in givens]
    await register_all(database, names)
    given_as_typed = [
        *(f"{one} Văn Hưng Anh" for one in ("Tran", "Trân", "Trần")),
        *(f"{one} Văn Hưng" for one in ("Tran", "Trân", "Trần")),
    ]
    others = [name for name in names if "Hùng" in name]

    for typed in ("Hưng", "hưng tran", "văn HƯNG", "Hư"):
        for limit in (1, 4, 50):
            found = [name for name, _ in await find(database, typed, limit=limit)]
            assert found[:6] == given_as_typed, typed
            assert sorted(found[6:]) == sorted(others)
    begun = [name for name, _ in await find(database, "Trần Văn Hưng", limit=2)]
    assert begun[0] == "Trần Văn Hưng"
    assert begun.index("Trần Văn Hưng Anh") < begun.index("Trần Văn Hùng Anh")
    assert sorted(begun) == sorted(names)
    plain = [name for name, _ in await find(database, "hung", limit=2)]
    assert plain == sorted(names, key=lambda name: FullName(name).order)


@pytest.mark.postgres
async def test_people_are_found_by_where_they_live(database: Database) -> None:
    """With a name or without, however the address is written; not those who live elsewhere."""
    await register_all(database, ["Lê Thị Tám", "Đỗ Văn An"], "số 5 ngách 12/34 phố Thử Nghiệm")
    await register_all(database, ["Lê Văn Bảy"], "số 6 phố Thử Nghiệm")
    inside = ["Đỗ Văn An", "Lê Thị Tám"]

    for address in ("12/34/5 thu nghiem", "số nhà 5, ngách 34, ngõ 12, đường Thử Nghiệm"):
        assert [name for name, _ in await find(database, "", address, 1)] == inside
    assert await find(database, "le", "12/34/5") == [("Lê Thị Tám", Rank.BEGINS)]
    assert await find(database, "tám lê thị", "tổ 7") == [
        ("Lê Thị Tám", Rank.OTHER_ORDER_AS_TYPED)
    ]
    assert await find(database, "lê văn bảy", "12/34/5") == []


@pytest.mark.postgres
async def test_who_is_renamed_is_found_by_the_right_name_only(database: Database) -> None:
    """A correction changes the index in its transaction."""
    await register_all(database, ["Lê Thị Sai"])
    nothing = dict.fromkeys(("number", "full_name", "birth_date", "sex", "nationality"))
    right = IdentityCorrection(**(nothing | {"full_name": FullName("Lê Thị Đúng")}))  # type: ignore[arg-type]
    wrong = number(serial_of("Lê Thị Sai"))
    await person_operations(database).correct(wrong, right, request())

    assert await find(database, "le thi sai") == []
    assert await find(database, "le thi dung") == [("Lê Thị Đúng", Rank.SAME_LETTERS)]


@pytest.mark.postgres
async def test_too_broad_a_question_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names in other orders are not looked through where they are many; the better ranks are shown."""
    monkeypatch.setattr(search, "_MOST_LOOKED_THROUGH", 2)
    await register_all(database, ["Văn Lê", "Lê Văn An", "Đỗ Văn An"])
    queries = SearchQueries(database)

    async def asked(name: str) -> tuple[list[str], bool]:
        question = NameQuestion.parse(name)
        _, found = await queries.search_persons(question, [], OFFICER, TODAY, None, 10)
        return [match.person.full_name.text for match in found.matches], found.too_many

    assert await asked("văn") == (["Văn Lê"], True)
    assert await asked("an văn") == (["Đỗ Văn An", "Lê Văn An"], False)


@pytest.mark.postgres
async def test_buildings_are_found_by_address(database: Database) -> None:
    """In any way of writing; the last word may be only begun."""
    places = PlaceQueries(database)
    first = await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    await add_building(database, address="số 15 phố Thử Nghiệm")

    async def asked(address: str) -> list[UUID]:
        terms = GAZETTEER.asked_terms(GAZETTEER.parse(address))
        return [one.building_id for one in await places.list_buildings(0, terms, None, 10)]

    for address in (
        "12/34/5 Thử Ng",
        "số 5, ngách 34, ngõ 12",
        "ngõ 12 thu nghiem",
        "5 phố thử n",
    ):
        assert await asked(address) == [first.building_id], address
    assert len(await asked("phố Thử Nghiệm")) == 2
    assert await asked("phố Khác") == []


@pytest.mark.postgres
@pytest.mark.nats
async def test_each_who_is_shown_is_accounted_for(service: Service) -> None:
    """The search has a record, and each person shown one under the pseudonym of accounts."""
    await register_all(service.database, ["Lê Thị Tám", "Lê Văn Bảy"])
    asking = pb.SearchPersonsRequest(purpose=because(), name="le", page_size=1)
    first = await service.call("SearchPersons", asking)
    asking.page_token = first.next_page_token
    second = await service.call("SearchPersons", asking)
    shown = [match.person for answer in (first, second) for match in answer.matches]
    records = await service.access_records()
    async with service.database.transaction() as tx:
        indexes = (await tx.scalars(select(tables.persons.c.number_index))).all()

    assert [person.full_name for person in shown] == ["Lê Thị Tám", "Lê Văn Bảy"]
    assert all(person.pseudonym and person.residences for person in shown)
    assert (bool(first.next_page_token), second.next_page_token) == (True, "")
    assert first.matches[0].rank == pb.MATCH_RANK_BEGINS
    assert first.access_record_id in {str(one.record_id) for one in records}
    assert sorted(one.subject for one in records) == sorted(
        ["search", "search", *map(subject_of, indexes)]
    )
    assert "Tám" not in first.next_page_token


@pytest.mark.postgres
@pytest.mark.nats
async def test_who_may_see_no_names_cannot_search(service: Service) -> None:
    """By role and by purpose; and a question must name somebody or a place."""
    asking = pb.SearchPersonsRequest(purpose=because(), name="Lê Thị Tám")
    statistics = pb.SearchPersonsRequest(purpose=because("PURPOSE_FIRE_RESCUE"), name="Lê Thị")
    for_nobody = pb.SearchPersonsRequest(purpose=because())
    nowhere = pb.SearchPersonsRequest(purpose=because(), address="phường Thạch Khôi")
    wrong_page = pb.SearchPersonsRequest(purpose=because(), name="Lê", page_token="WyJ4IiwieSJd")

    assert (await service.refusal("SearchPersons", asking, "service")).reason == "ROLE_NOT_ALLOWED"
    refused = await service.refusal("SearchPersons", statistics)
    assert refused.reason == "DISCLOSURE_NOT_ALLOWED"
    for question in (for_nobody, nowhere):
        assert (await service.refusal("SearchPersons", question)).reason == "FIELD_INVALID"
    assert (await service.refusal("SearchPersons", wrong_page)).reason == "PAGE_TOKEN_INVALID"
    listing = residency_pb2.ListBuildingsRequest(query="Thạch Khôi")
    assert (await service.refusal("ListBuildings", listing)).reason == "FIELD_INVALID"


@pytest.mark.postgres
async def test_what_was_there_before_is_indexed_by_the_migration(
    database: Database, test_database: TestDatabase
) -> None:
    """As if it were entered afterwards."""
    await register_all(database, ["Lê Thị Tám"], "số 5 ngách 12/34 phố Thử Nghiệm")
    owner = Database.connect(test_database.owner_url)

    def again(connection: Connection) -> None:
        connection.execute(text("drop table person_index, building_index"))
        connection.execute(text("delete from legal_limits where rule ~ '^statistics_'"))
        with Operations.context(MigrationContext.configure(connection)):
            migration("0014_search").upgrade()

    async with owner.transaction() as tx:
        await tx.run_sync(again)
    await owner.close()

    assert await find(database, "le thi tam", "12/34/5") == [("Lê Thị Tám", Rank.SAME_LETTERS)]


@pytest.mark.postgres
async def test_letters_that_look_like_d_are_indexed_anew_by_the_migration(
    database: Database, test_database: TestDatabase
) -> None:
    """Those who were entered when they counted as letters of their own are found as if they were entered now."""
    await register_all(database, ["Ðặng Thị Tám", "Đặng Thị Chín"], "số 5 phố Ðặng Thử Nghiệm")
    index, places = tables.person_index, tables.building_index
    by_name, by_address = select(index).order_by("person_id"), select(places)
    owner = Database.connect(test_database.owner_url)

    def again(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration("0031_letters_that_look_like_d").upgrade()

    async with owner.transaction() as tx:
        entered = [(await tx.execute(one)).all() for one in (by_name, by_address)]
        old = {"spelled": "ðặng thị tám", "plain": "ðang thi tam", "terms": ["ðang"]}
        of_eth = index.c.person_id.in_(
            select(tables.persons.c.person_id).where(tables.persons.c.full_name.like("Ð%"))
        )
        await tx.execute(update(index).where(of_eth).values(**old, unordered="x", place=b"x"))
        await tx.execute(update(places).values(key="ðang", terms=["ðang"]))
        await tx.run_sync(again)
        mended = [(await tx.execute(one)).all() for one in (by_name, by_address)]
    await owner.close()

    assert mended == entered
    assert await find(database, "dang thi tam") == [("Ðặng Thị Tám", Rank.SAME_LETTERS)]


@pytest.mark.postgres
async def test_namesakes_by_letters_that_look_like_d_are_found_by_the_migration(
    database: Database, test_database: TestDatabase
) -> None:
    """As those who are registered now are; a pair that people decided about stays what it is."""
    names = ["Ðặng Thị Tám", "Đặng Thị Tám", "Dang Thi Tam", "Ɖặng Thị Chín", "Đặng Thị Chín"]
    await register_all(database, [*names, "Đặng Thị Mười"])
    candidates = tables.duplicate_candidates
    columns = (candidates.c.first_id, candidates.c.second_id, candidates.c.reasons)
    pairs = select(*columns).order_by(*columns[:2])
    of_eth = select(tables.persons.c.person_id).where(tables.persons.c.full_name.like("Ð%"))
    with_eth = candidates.c.first_id.in_(of_eth) | candidates.c.second_id.in_(of_eth)
    owner = Database.connect(test_database.owner_url)

    def again(connection: Connection) -> None:
        with Operations.context(MigrationContext.configure(connection)):
            migration("0033_namesakes_by_letters_like_d").upgrade()

    async with owner.transaction() as tx:
        found = (await tx.execute(pairs)).all()
        await tx.execute(update(candidates).where(~with_eth).values(state="DIFFERENT"))
        await tx.execute(delete(candidates).where(with_eth))
        await tx.run_sync(again)
        found_again = (await tx.execute(pairs)).all()
        kept = await tx.scalar(select(func.count()).where(candidates.c.state == "DIFFERENT"))
    await owner.close()

    assert len(found) == 4
    assert found_again == found
    assert kept == 2


def migration(name: str) -> ModuleType:
    """Load a migration."""
    path = SERVICES / "residency" / "migrations" / "versions" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
