"""The connection that keeps its plans: they find rows by an index, however old they are and the register grew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis.storage.database import Database, Line
from residency.domain.persons.partial_date import PartialDate
from residency.domain.persons.person_name import FullName
from residency.domain.persons.verification import Declaration
from residency.queries.identity import IdentityQueries
from simulator.generator import dataset
from simulator.generator.seeds import Seed
from simulator.generator.ward import AS_OF, Size, grow
from tests.fixtures.servers import TestDatabase
from tests.residency.samples import SEAL, number
from tests.residency.test_importer import importing
from tests.residency.test_queries import look

pytestmark = pytest.mark.postgres

NOBODY = Declaration(number(1), FullName("Phạm Thị Giả Định"), PartialDate(1990))
# As `append_access_records` asks for the end of the chain, with the plan that it keeps.
HEAD = "prepare head as select position, hash from access_records order by position desc limit 1"


async def reads_of(line: Line, statement: str) -> list[dict[str, Any]]:
    """Tell how a line reads each table in a statement, by the plan that it keeps."""
    [[explained]] = await line.fetch(f"explain (format json) execute {statement}")
    return [one for one in parts_of(explained[0]["Plan"]) if "Relation Name" in one]


def parts_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a plan and all that it is made of."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from parts_of(part)


@pytest.mark.parametrize("planned_when", ["empty", "imported", "analyzed"])
async def test_kept_plans_read_the_register_by_index(
    database: Database, test_database: TestDatabase, tmp_path: Path, planned_when: str
) -> None:
    """Planned while it is empty, when it was just imported and nobody analyzed it, or when somebody has."""
    grown = grow(Seed(7), Size.of(3000, None, None), AS_OF, lambda _: None)
    dataset.write(tmp_path / "ward", grown, 7, AS_OF)
    owner = Database.connect(test_database.owner_url)
    keeping = Database.connect(test_database.url, pool_size=1, plans_kept=True)
    line = keeping.line()
    identities = IdentityQueries(line)
    await line.fetch(HEAD)
    if planned_when == "empty":
        await identities.verify([look(NOBODY)])
        await reads_of(line, "head")
    await importing(database).load(tmp_path / "ward")
    if planned_when == "analyzed":
        async with owner.bulk_transaction() as driver:
            await driver.execute("analyze")
    await identities.verify([look(NOBODY) for _ in range(256)])
    [[looking_up]] = await line.fetch(
        "select name from pg_prepared_statements where statement ~ 'append_access[_]records'"
    )
    found_by = f"array_fill('\\x{SEAL.blind_index(number(1)).hex()}'::bytea, array[256])"
    by_number = await reads_of(line, f'"{looking_up}" ({found_by}, null)')
    (head,) = await reads_of(line, "head")
    await line.close()
    await keeping.close()
    await owner.close()

    assert [read["Relation Name"] for read in by_number] == ["persons", "persons"]
    assert all("Index Cond" in read for read in by_number), by_number
    assert "Index Name" in head
