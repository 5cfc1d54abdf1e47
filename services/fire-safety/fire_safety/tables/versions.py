"""Which versions of limits and policies are in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, func, select


def in_force(effective_from: Column[Any], now: datetime) -> ColumnElement[bool]:
    """Select versions from their first day on.

    Before the first day of all the first versions are in force: a clock that a power cut set back by years must
    not leave detection without limits.
    """
    earliest = effective_from.table.alias("earliest").c[effective_from.name]
    first = select(func.min(earliest)).scalar_subquery()
    return effective_from <= func.greatest(now, first)
