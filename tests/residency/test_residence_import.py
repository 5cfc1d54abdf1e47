"""Tables of residences: read in either form, judged row by row, entered whole, in part or not at all."""

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from xlsxwriter import Workbook

from chassis.account.access_chain import AccessRecord
from chassis.account.console import record_of
from chassis.sheet_files import TableRefusedError
from chassis.sheets import SHIFTED, SheetInvalidError, SheetProblem
from chassis.storage.database import Database
from residency import tables
from residency.domain.duplicates import Occasion
from residency.domain.residence.registrations import HouseholdChoice, Origin, ResidenceKind
from residency.domain.residence.rows import Fault, Outcome
from residency.importer.residence_table import COLUMNS, ResidenceTable
from residency.importer.residences import Wish, import_table, report
from residency.operations import duplicates, residence
from residency.operations.residence_import import ResidenceImport
from tests.fixtures.servers import MakeDatabase, TestDatabase
from tests.residency.samples import (
    CODES,
    GAZETTEER,
    NOON,
    SEAL,
    TODAY,
    StoppedClock,
    add_building,
    application,
    number,
    relay,
    residence_operations,
    waiting_events,
)
from tests.residency.test_case_locks import until_somebody_waits
from tests.residency.test_command_line import KEYS, run
from tests.residency.test_households import members

TABLE = ResidenceTable(CODES, GAZETTEER, TODAY)
HEADINGS = [column.heading for column in COLUMNS]
ADDRESS = "12/34/5 Thử Nghiệm"


def row(serial: int = 1, **cells: str) -> list[str]:
    """Write a row as officers do."""
    said = {
        "personal_id_number": number(serial).digits,
        "full_name": "Phạm Thị Giả Định",
        "birth_date": "17/5/1990",
        "sex": "Nữ",
        "kind": "Thường trú",
        "valid_from": "01/11/2026",
        "valid_until": "",
        "address": ADDRESS,
        "floor": "",
        "unit": "",
    }
    return list((said | cells).values())


def csv_of(
    *rows: Sequence[str], headings: Sequence[str] = HEADINGS, delimiter: str = ","
) -> bytes:
    """Write a table as Excel saves it."""
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows([headings, *rows])
    return written.getvalue().encode("utf-8-sig")


def xlsx_of(*rows: Sequence[str]) -> bytes:
    """Write a table as a workbook."""
    written = io.BytesIO()
    with Workbook(written) as book:
        sheet = book.add_worksheet()
        for at, cells in enumerate([HEADINGS, *rows]):
            sheet.write_row(at, 0, cells)
    return written.getvalue()


def command() -> AccessRecord:
    """Write down that the import was given."""
    return record_of(
        "import-residences",
        "officer-7",
        purpose="RESIDENCE_CASE",
        legal_basis="Law 68/2020/QH14",
        subject="residences",
        ward_code="11002",
        now=NOON,
        reference="QD-2026/7",
    )


async def take(
    database: Database, content: bytes, *, dry_run: bool = False, accept_valid: bool = False
) -> tuple[list[tuple[int, Outcome, str]], bool]:
    """Enter a table; tell of each row its outcome and the column or reason, and whether any was meant."""
    clock = StoppedClock()
    operations = ResidenceImport(database, relay(database, clock), clock, SEAL, command())
    verdicts, entered = await operations.enter(
        TABLE.read(content),
        dry_run=dry_run,
        accept_valid=accept_valid,
        progress=lambda *_: None,
    )
    told = []
    for one in verdicts:
        why = one.refusal.reason if one.refusal else ",".join(fault.column for fault in one.faults)
        told.append((one.number, one.outcome, why))
    return told, entered


async def counted(database: Database, *names: str) -> list[int]:
    """Count rows of tables."""
    async with database.transaction() as tx:
        of_each = [select(func.count()).select_from(tables.metadata.tables[one]) for one in names]
        return [int((await tx.scalars(one)).one()) for one in of_each]


@given(st.lists(st.lists(st.text(max_size=30), max_size=12), max_size=5))
def test_any_cells_are_read_or_told_wrong(rows: list[list[str]]) -> None:
    """No text of a cell stops the reading, and no fault repeats one."""
    try:
        read = TABLE.read(csv_of(row(), *rows))
    except SheetInvalidError:
        return
    said = {f"{fault.vi}{fault.en}" for one in read for fault in one.faults}
    assert said <= {"".join(SHIFTED), *(f"{column.vi}{column.en}" for column in COLUMNS)}


def test_a_row_with_more_cells_than_headings_is_refused() -> None:
    """An address with a comma that nobody quoted would shift what follows; empty cells behind the last do not."""
    shifted, padded = TABLE.read(csv_of([*row(), "P201"], [*row(), "", " "]))

    assert (shifted.declared, shifted.faults) == (None, [Fault("", *SHIFTED)])
    assert padded.declared


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_and_xlsx_are_read_alike(delimiter: str) -> None:
    """With headings of either language, days of either form."""
    english = csv_of(
        row(birth_date="1990-05-17", valid_from="2026-11-01", sex="F", kind="PERMANENT"),
        headings=[column.name for column in COLUMNS],
        delimiter=delimiter,
    )

    assert TABLE.read(csv_of(row())) == TABLE.read(xlsx_of(row())) == TABLE.read(english)
    assert TABLE.read(english)[0].declared


def test_a_birth_is_read_as_precisely_as_it_is_written() -> None:
    """As the register writes one of which it knows the month or the year only; the first day of a term is whole."""
    written = ("17/5/1990", "05/1990", "5.1990", "1990-05", "1990", "00/05/1990", "13/1990")
    read = TABLE.read(csv_of(*(row(birth_date=one) for one in written)))
    (begun,) = TABLE.read(csv_of(row(valid_from="11/2026")))

    assert [one.declared and one.declared.birth_date.written for one in read] == [
        "17/05/1990",
        *["05/1990"] * 3,
        "1990",
        None,
        None,
    ]
    assert [fault.column for fault in begun.faults] == ["valid_from"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", SheetProblem.NO_HEADING),
        (csv_of(), SheetProblem.EMPTY),
        (csv_of(row(), headings=[*HEADINGS[:-1], "Màu"]), SheetProblem.UNKNOWN_COLUMN),
        (csv_of(row(), headings=[*HEADINGS[:-1], "Tầng"]), SheetProblem.HEADING_TWICE),
        (b"\xd0\xcf\x11\xe0", SheetProblem.PASSWORD),
    ],
)
def test_a_file_that_is_no_table_is_refused(content: bytes, problem: SheetProblem) -> None:
    """It is said what is wrong."""
    with pytest.raises(SheetInvalidError) as refused:
        TABLE.read(content)
    assert refused.value.problem is problem


def test_a_table_without_headings_is_refused_without_repeating_it() -> None:
    """What stands where the headings belong is the number and the name of a person."""
    with pytest.raises(SheetInvalidError) as refused:
        TABLE.read(csv_of(headings=row()))
    with pytest.raises(SheetInvalidError) as lacking:
        TABLE.read(csv_of(row()[1:], headings=HEADINGS[1:]))
    with pytest.raises(SheetInvalidError) as twice:
        TABLE.read(csv_of(row(), headings=[*HEADINGS[:-1], "floor"]))

    assert (refused.value.problem, refused.value.detail) == (SheetProblem.UNKNOWN_COLUMN, "1")
    assert lacking.value.detail == "Số định danh (personal_id_number)"
    assert twice.value.detail == "Tầng (floor)"


@pytest.mark.postgres
async def test_rows_are_entered_once(database: Database) -> None:
    """With their events, found by search; the same table again changes nothing."""
    place = await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    content = csv_of(
        row(1),
        row(2, full_name="Phạm Văn Ví Dụ", sex="nam", kind="tạm trú", valid_until="1/5/2027"),
    )
    dry = await take(database, content, dry_run=True)
    before = await counted(database, "persons", "outbox")
    first = await take(database, content)
    again = await take(database, content)
    (event,) = await waiting_events(database)

    assert dry == ([(2, Outcome.NEW, ""), (3, Outcome.NEW, "")], False)
    assert before == [0, 0]
    assert first == (dry[0], True)
    assert again == ([(2, Outcome.UNCHANGED, ""), (3, Outcome.UNCHANGED, "")], True)
    assert await counted(database, "persons", "registrations", "person_index", "outbox") == [
        2,
        2,
        2,
        1,
    ]
    assert (event.dwelling.dwelling_id, event.registered) == (str(place.dwelling_ids[0]), 2)


@pytest.mark.postgres
async def test_a_row_that_names_somebody_else_is_not_the_one_that_is_there(
    database: Database,
) -> None:
    """Refused as it would be of another term: against the register, and against a row before."""
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    another = {"full_name": "Phạm Thị Khác"}
    first = await take(database, csv_of(row(1), row(2), row(2, **another)), accept_valid=True)
    again = await take(database, csv_of(row(1), row(1, **another), row(2, birth_date="1991")))

    mismatch = (Outcome.REFUSED, "IDENTITY_MISMATCH")
    assert first == ([(2, Outcome.NEW, ""), (3, Outcome.NEW, ""), (4, *mismatch)], True)
    assert again == ([(2, Outcome.UNCHANGED, ""), (3, *mismatch), (4, *mismatch)], False)


@pytest.mark.postgres
async def test_what_is_wrong_is_told_and_keeps_all_out_unless_it_is_accepted(
    database: Database,
) -> None:
    """Faults of cells, unknown and ambiguous homes, and what the rules of the register refuse."""
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    await add_building(database, address="số 7 phố Thử Nghiệm", dwellings=2)
    content = csv_of(
        row(1),
        row(1, full_name="Phạm Thị Khác", valid_from="02/11/2026"),
        row(1, valid_from="03/11/2026"),
        row(1),
        row(2, personal_id_number="123", sex="?"),
        row(2, address="số 6 phố Thử Nghiệm"),
        row(2, address="số 7 phố Thử Nghiệm"),
        row(2, address="số 7 phố Thử Nghiệm", floor="2"),
        row(3, kind="tạm trú"),
        row(3, valid_from="01/11/1800"),
        row(4, valid_from="01/11/1800"),
    )
    expected = [
        (2, Outcome.NEW, ""),
        (3, Outcome.REFUSED, "IDENTITY_MISMATCH"),
        (4, Outcome.REFUSED, "PERMANENT_RESIDENCE_EXISTS"),
        (5, Outcome.UNCHANGED, ""),
        (6, Outcome.REFUSED, "personal_id_number,sex"),
        (7, Outcome.REFUSED, "address"),
        (8, Outcome.REFUSED, "address"),
        (9, Outcome.NEW, ""),
        (10, Outcome.REFUSED, "FIELD_INVALID"),
        (11, Outcome.REFUSED, "FIELD_INVALID"),
        (12, Outcome.REFUSED, "FIELD_INVALID"),
    ]

    assert await take(database, content) == (expected, False)
    assert await counted(database, "persons", "registrations", "outbox") == [0, 0, 0]
    assert await take(database, content, accept_valid=True) == (expected, True)
    assert await counted(database, "persons", "registrations", "outbox") == [2, 2, 2]


@pytest.mark.postgres
async def test_a_table_of_which_nothing_can_be_entered_is_told_row_by_row(
    database: Database,
) -> None:
    """Nobody of it is known, and every term is refused: also with what is valid accepted, nothing is entered."""
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    content = csv_of(row(1, valid_until="01/11/2026"), row(2, kind="tạm trú"))
    refused = [(number, Outcome.REFUSED, "FIELD_INVALID") for number in (2, 3)]

    assert await take(database, content) == (refused, False)
    assert (await take(database, content, accept_valid=True))[0] == refused
    assert await counted(database, "persons", "outbox") == [0, 0]


async def households(database: Database) -> set[tuple[str, date, str | None, int]]:
    """Tell of each person the first day in a household, as what, and how many belong to it."""
    columns = tables.household_memberships.c
    together = func.count().over(partition_by=columns.household_id)
    statement = select(
        tables.persons.c.number_index,
        columns.valid_from,
        columns.relationship_to_householder,
        together,
    ).join(tables.persons, tables.persons.c.person_id == columns.person_id)
    async with database.transaction() as tx:
        return {(one.hex(), *rest) for one, *rest in await tx.execute(statement)}


@pytest.mark.postgres
async def test_many_at_once_live_together_as_if_entered_one_by_one(
    database: Database, make_database: MakeDatabase
) -> None:
    """Who comes first founds the household and heads it; whose term begins after all others' founds another."""
    terms = {
        1: ("2026-01-01", ""),
        2: ("2026-06-01", ""),
        3: ("2020-01-01", "2021-01-01"),
        4: ("2020-06-01", "2025-01-01"),
        5: ("2024-01-01", "2026-02-01"),
    }
    other = Database.connect((await make_database("residency")).url)
    for each in (database, other):
        home = (await add_building(each, address="số 5 ngách 12/34 phố Thử Nghiệm")).dwelling_ids
        if each is other:
            clock = StoppedClock()
            for serial in sorted(terms, key=lambda one: SEAL.blind_index(number(one))):
                # One after the other: of two households of one moment neither is the first.
                clock.now += timedelta(seconds=1)
                first, last = terms[serial]
                term = {"valid_from": date.fromisoformat(first)}
                term |= {"valid_until": date.fromisoformat(last)} if last else {}
                entering = application(home[0], serial, **term)
                await residence_operations(each, clock).register(
                    entering, f"request-{serial}", b"x"
                )
    rows = [row(one, valid_from=first, valid_until=last) for one, (first, last) in terms.items()]
    outcomes, _ = await take(database, csv_of(*rows))
    found, expected = await households(database), await households(other)
    await other.close()

    assert {outcome for _, outcome, _ in outcomes} == {Outcome.NEW}
    assert found == expected
    assert len({members for *_, members in found}) > 1


@pytest.mark.postgres
async def test_a_further_term_carries_on_in_the_same_household(database: Database) -> None:
    """As the same, the householder too, though the table says nothing of it; two households stay two."""
    home = (await add_building(database, address=ADDRESS)).dwelling_ids[0]
    choices = {
        3: HouseholdChoice(),
        1: HouseholdChoice(relationship="CHILD"),
        2: HouseholdChoice(relationship="WIFE"),
        4: HouseholdChoice(founds=True),
    }
    for serial, choice in choices.items():
        entering = application(
            home,
            serial,
            kind=ResidenceKind.TEMPORARY,
            valid_from=date(2026, 1, 1),
            valid_until=date(2026, 12, 1),
        )
        await residence_operations(database).register(
            replace(entering, household=choice), str(uuid4()), b"x"
        )
    lasts = {"kind": "Tạm trú", "valid_from": "01/12/2026", "valid_until": "01/12/2027"}
    outcomes, _ = await take(database, csv_of(*(row(serial, **lasts) for serial in choices)))

    assert {outcome for _, outcome, _ in outcomes} == {Outcome.NEW}
    assert await members(database, date(2026, 12, 1)) == await members(
        database, date(2026, 11, 30)
    )
    assert sorted(map(len, (await members(database, date(2027, 11, 30))).values())) == [1, 3]


@pytest.mark.postgres
async def test_who_is_registered_elsewhere_meanwhile_takes_no_household_along(
    database: Database,
) -> None:
    """The first of a new household was entered by somebody else while the table was: the next one founds it."""
    home = (await add_building(database, address=ADDRESS)).dwelling_ids[0]
    elsewhere = (await add_building(database, address="số 1 phố Nơi Khác")).dwelling_ids[0]
    first, second = sorted((number(1), number(2)), key=SEAL.blind_index)
    table = csv_of(
        *(
            row(kind="Tạm trú", valid_until="01/11/2027", personal_id_number=one.digits)
            for one in (first, second)
        )
    )
    entering = replace(application(elsewhere), number=first)
    async with database.transaction() as tx:
        await residence.enter(tx, uuid4(), entering, SEAL, Origin("officer-1", ""), uuid4, NOON)
        importing = asyncio.create_task(take(database, table))
        await until_somebody_waits(tx)
    told, entered = await importing
    members = tables.household_memberships.c
    async with database.transaction() as tx:
        households = select(tables.households.c.dwelling_id).where(
            tables.households.c.dwelling_id == home
        )
        assert len((await tx.scalars(households)).all()) == 1
        heads = select(func.count()).where(members.relationship_to_householder == "HOUSEHOLDER")
        assert await tx.scalar(heads) == 2

    assert ([outcome for _, outcome, _ in told], entered) == ([Outcome.NEW, Outcome.NEW], True)


@pytest.mark.postgres
async def test_many_who_are_entered_are_compared_as_a_few_are(
    database: Database, test_database: TestDatabase, tmp_path: Path
) -> None:
    """In bounded parts, whatever they are called; to compare each with all others finds nobody else."""
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    names = [f"Phạm Thị Giả {word}" for word in ("Định", "Lập", "Tưởng")]
    rows = [
        row(1 + serial, full_name=names[serial % 3], birth_date=f"{1 + serial % 28}/5/1990")
        for serial in range(60)
    ]
    file = tmp_path / "rows.csv"
    file.write_bytes(csv_of(*rows))
    where = {"DATABASE_URL": test_database.url, **KEYS}
    ended = await run("import-residences", "--reference", "QD-2026/7", str(file), **where)
    found = await counted(database, "duplicate_candidates")
    async with database.transaction() as tx:
        people = (await tx.scalars(select(tables.persons.c.person_id))).all()
        for one in people:
            await duplicates.find(tx, [one], Occasion.SEARCH, uuid4, NOON)
    again = await counted(database, "duplicate_candidates")

    assert (ended.code, ended.errors) == (0, "")
    assert "searched for possible duplicates: 2/2" in ended.output
    assert found == again
    assert found > [60]


@pytest.mark.postgres
async def test_the_report_tells_rules_of_the_register_in_each_language(database: Database) -> None:
    """Each column of reasons is of one language."""
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    content = csv_of(
        row(1, valid_until="31/10/2026"),
        row(2, kind="Tạm trú"),
        row(3, kind="Tạm trú", valid_until="02/11/2028"),
        row(4, birth_date="02/11/2026", valid_from="01/11/2026"),
    )
    clock = StoppedClock()
    operations = ResidenceImport(database, relay(database, clock), clock, SEAL, command())
    verdicts, _ = await operations.enter(
        TABLE.read(content), dry_run=True, accept_valid=False, progress=lambda *_: None
    )
    told = [line[2:] for line in csv.reader(io.StringIO(report(verdicts).decode("utf-8-sig")))]

    invalid = "Trường «{0}» không hợp lệ.", "The field '{0}' is not valid."
    rules = (
        ("valid_until", "sau ngày bắt đầu", "after valid_from"),
        ("valid_until", "tạm trú phải có ngày hết hạn", "needed for temporary residence"),
        ("valid_until", "không quá 2 năm kể từ ngày bắt đầu", "at most 2 years after valid_from"),
        ("valid_from", "không trước ngày sinh", "not before the birth"),
    )
    assert told[1:] == [
        [
            column,
            *(f"{text.format(column)} ({rule})" for text, rule in zip(invalid, rule, strict=True)),
        ]
        for column, *rule in rules
    ]


@pytest.mark.postgres
async def test_the_report_tells_each_row_and_repeats_no_value(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row, column, rule, in both languages; on the screen as well."""
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    file, reported = tmp_path / "rows.csv", tmp_path / "report.csv"
    secrets = ("Nguyễn Bí Mật", "99909012345X", "31/31/1990")
    wrong = row(2, full_name=secrets[0], personal_id_number=secrets[1], birth_date=secrets[2])
    file.write_bytes(csv_of(row(1), wrong, row(3, kind="tạm trú")))
    clock = StoppedClock()
    operations = ResidenceImport(database, relay(database, clock), clock, SEAL, command())
    wish = Wish(file, reported, "QD-2026/7", dry_run=False, accept_valid=True)
    with pytest.raises(TableRefusedError, match="Correct the refused rows"):
        await import_table(wish, TABLE, operations)
    written, shown = reported.read_text("utf-8-sig"), capsys.readouterr().out
    lines = [line[:3] for line in csv.reader(io.StringIO(written))]

    assert lines == [
        ["row", "outcome", "column"],
        ["2", "NEW", ""],
        ["3", "REFUSED", "personal_id_number"],
        ["3", "REFUSED", "birth_date"],
        ["4", "REFUSED", "valid_until"],
    ]
    for secret in secrets:
        assert secret not in written + shown
    assert "1 mới / new · 0 như cũ / unchanged · 2 bị từ chối / refused" in shown
    assert "Đã ghi vào sổ cư trú" in shown


@pytest.mark.postgres
async def test_nothing_is_entered_whose_report_has_no_place(
    database: Database, tmp_path: Path
) -> None:
    """It tells once only what became of each row; nor does it take the place of the table."""
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    file, table = tmp_path / "rows.csv", csv_of(row(1))
    file.write_bytes(table)
    clock = StoppedClock()
    operations = ResidenceImport(database, relay(database, clock), clock, SEAL, command())
    for report_file, why in ((tmp_path / "none" / "report.csv", "written"), (file, "overwrite")):
        wish = Wish(file, report_file, "QD-2026/7", dry_run=False, accept_valid=True)
        with pytest.raises(TableRefusedError, match=why):
            await import_table(wish, TABLE, operations)
    async with database.transaction() as tx:
        entered = await tx.scalar(select(func.count()).select_from(tables.registrations))

    assert (entered, file.read_bytes()) == (0, table)


@pytest.mark.postgres
async def test_the_command_enters_a_workbook(
    database: Database, test_database: TestDatabase, tmp_path: Path
) -> None:
    """In the case that is named; a file that is none is told in both languages.

    Who gave the command is on the account with everybody in the table, before anything is told: also for a dry run.
    """
    await add_building(database, address="số 5 ngách 12/34 phố Thử Nghiệm")
    file, other = tmp_path / "rows.xlsx", tmp_path / "other.csv"
    file.write_bytes(xlsx_of(row()))
    other.write_bytes(b"\xd0\xcf\x11\xe0")
    command: tuple[Any, ...] = ("import-residences", "--reference", "QD-2026/7")
    where = {"DATABASE_URL": test_database.url, **KEYS}
    tried = await run(*command, str(file), "--dry-run", "--operator", "officer-7", **where)
    ended = await run(*command, str(file), "--operator", "officer-7", **where)
    again = await run(*command, str(file), "--operator", "officer-7", **where)
    nobody = await run(*command, str(file), "--operator", number().digits, **where)
    refused = await run(*command, str(other), DATABASE_URL=test_database.url, **KEYS)
    named = await run(command[0], command[1], number().digits, str(file), **where)
    async with database.transaction() as tx:
        columns = tables.registrations.c
        entered = (await tx.execute(select(columns.reference, columns.recorded_by))).one()
        account = tables.access_records.c
        records = (
            await tx.execute(
                select(account.method, account.account, account.reference, account.subject)
                .where(account.actor.startswith("console:"))
                .order_by(account.position)
            )
        ).all()

    assert (ended.code, ended.errors, tried.code) == (0, "", 0)
    assert tuple(entered) == ("QD-2026/7", "console:officer-7")
    assert [tuple(one) for one in records] == [
        (method, "console:officer-7", "QD-2026/7", subject)
        for method in ("import-residences --dry-run", *["import-residences"] * 2)
        for subject in ("residences", SEAL.pseudonym(number()))
    ]
    assert nobody.code == named.code == 2
    for one in (nobody, named):
        assert number().digits not in one.output + one.errors
    assert "1 mới / new" in ended.output
    assert "0 mới / new · 1 như cũ / unchanged" in again.output
    assert "nothing was new" in again.output
    assert refused.code == 1
    assert "tệp có mật khẩu" in refused.errors
    assert "the file has a password" in refused.errors
