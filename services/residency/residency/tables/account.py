"""The account of every look at personal data."""

from sqlalchemy import ColumnElement, and_, not_, or_

from chassis.account.access_log import account_tables, is_about
from residency.domain.protection.account import Named, Names
from residency.tables.metadata import metadata

account = account_tables(metadata)
access_records = account.records


def are_of(person: Names) -> ColumnElement[bool]:
    """Tell which access records are of a person."""
    return and_(or_(*map(_under, person.theirs)), *(not_(_under(one)) for one in person.anothers))


def _under(name: Named) -> ColumnElement[bool]:
    columns = access_records.c
    conditions = [is_about(access_records, name.subject)]
    if name.since:
        conditions.append(columns.recorded_at >= name.since)
    if name.until:
        conditions.append(columns.recorded_at <= name.until)
    return and_(*conditions)
