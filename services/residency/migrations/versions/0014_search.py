"""The words under which persons and buildings are found, and how small a count of statistics may be.

Revision ID: 0014
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import residency
from residency.domain.lookups.search import IndexedAddress, IndexedName
from residency.domain.persons.person_name import FullName
from residency.domain.places.address import Gazetteer

revision = "0014"
down_revision = "0013"

_BATCH = 5000
_UNITS = Path(residency.__file__).parent / "administrative_units.json"
_PLAIN = sa.Text(collation="C")
_TERMS = postgresql.ARRAY(sa.Text)


def upgrade() -> None:
    """Make the tables, index what there is, and only then make the indexes, which is faster."""
    persons = op.create_table(
        "person_index",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("persons.person_id"), primary_key=True),
        sa.Column("spelled", _PLAIN, nullable=False),
        sa.Column("plain", _PLAIN, nullable=False),
        sa.Column("unordered", _PLAIN, nullable=False),
        sa.Column("terms", _TERMS, nullable=False),
        sa.Column("place", sa.LargeBinary, nullable=False),
    )
    buildings = op.create_table(
        "building_index",
        sa.Column(
            "building_id", sa.Uuid, sa.ForeignKey("buildings.building_id"), primary_key=True
        ),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("terms", _TERMS, nullable=False),
    )
    for some in _read("select person_id, full_name from persons"):
        op.bulk_insert(persons, [_named(row) for row in some])
    for some in _read("select building_id, ward_code, residential_group, address from buildings"):
        op.bulk_insert(buildings, [_placed(row) for row in some])
    op.create_index(
        "person_index_names", "person_index", ["plain", "spelled", "place", "person_id"]
    )
    op.create_index("person_index_unordered", "person_index", ["unordered", "place", "person_id"])
    op.create_index("ix_building_index_key", "building_index", ["key"])
    for table in ("person_index", "building_index"):
        op.create_index(
            f"{table}_terms",
            table,
            ["terms"],
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        )
    op.execute(
        """
        insert into legal_limits (rule, effective_from, value, unit, source) values (
            'statistics_smallest_cell', '2026-01-01', 5, 'persons',
            'no law says a number [own]: counts of fewer could tell of a person; the ward confirms it'
        )
        """
    )


def _read(statement: str) -> Iterator[Sequence[sa.Row[Any]]]:
    rows = op.get_bind().execute(sa.text(statement)).all()
    yield from (rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH))


def _named(row: sa.Row[Any]) -> dict[str, Any]:
    return {"person_id": row.person_id, **asdict(IndexedName.of(FullName(row.full_name)))}


def _placed(row: sa.Row[Any]) -> dict[str, Any]:
    gazetteer = _gazetteer(row.ward_code)
    indexed = IndexedAddress.of(row.address, row.residential_group, gazetteer)
    return {"building_id": row.building_id, **asdict(indexed)}


@lru_cache
def _gazetteer(ward_code: str) -> Gazetteer:
    return Gazetteer.from_document(json.loads(_UNITS.read_text(encoding="utf-8")), ward_code)
