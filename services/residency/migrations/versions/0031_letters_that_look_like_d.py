"""Names and addresses with Ð or Ɖ are found as those with Đ, which these letters stand for.

Revision ID: 0031
"""

import json
from collections.abc import Sequence
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

revision = "0031"
down_revision = "0030"

_UNITS = Path(residency.__file__).parent / "administrative_units.json"
_LETTERS = "[ÐðƉɖ]"

_TERMS = postgresql.ARRAY(sa.Text)
_PERSONS = sa.table(
    "person_index",
    sa.column("person_id", sa.Uuid),
    sa.column("spelled", sa.Text),
    sa.column("plain", sa.Text),
    sa.column("unordered", sa.Text),
    sa.column("terms", _TERMS),
    sa.column("place", sa.LargeBinary),
)
_BUILDINGS = sa.table(
    "building_index",
    sa.column("building_id", sa.Uuid),
    sa.column("key", sa.Text),
    sa.column("terms", _TERMS),
)


def upgrade() -> None:
    """Work out anew what they are found by. Who is found by no name stays so."""
    for row in _read("select person_id, full_name from persons where full_name ~ :letters"):
        named = IndexedName.of(FullName(row.full_name))
        person = _PERSONS.c.person_id == row.person_id
        op.execute(sa.update(_PERSONS).where(person).values(asdict(named)))
    for row in _read(
        """
        select building_id, ward_code, residential_group, address
        from buildings where address ~ :letters
        """
    ):
        gazetteer = _gazetteer(row.ward_code)
        placed = IndexedAddress.of(row.address, row.residential_group, gazetteer)
        building = _BUILDINGS.c.building_id == row.building_id
        op.execute(sa.update(_BUILDINGS).where(building).values(asdict(placed)))


def _read(statement: str) -> Sequence[sa.Row[Any]]:
    return op.get_bind().execute(sa.text(statement), {"letters": _LETTERS}).all()


@lru_cache
def _gazetteer(ward_code: str) -> Gazetteer:
    return Gazetteer.from_document(json.loads(_UNITS.read_text(encoding="utf-8")), ward_code)
