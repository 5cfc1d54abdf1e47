"""The services for everybody in force on a day: of each category its newest version, if it is offered."""

from datetime import date
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from incidents.domain.reports.service_requests import PublicService
from incidents.repository.catalogue import categories_on, category_of
from incidents.tables import public_services


def services_on(day: date) -> Select[Any]:
    """Select the services in force on a day with their categories, in order of their codes."""
    columns = public_services.c
    first = select(func.min(columns.effective_from)).scalar_subquery()
    newest = (
        select(public_services)
        .ext(distinct_on(columns.category))
        .where(columns.effective_from <= func.greatest(day, first))
        .order_by(columns.category, columns.effective_from.desc())
        .subquery("newest_services")
    )
    categories = categories_on(day).subquery("categories_in_force")
    told = (newest.c.public_group, newest.c.description, newest.c.keywords)
    return (
        select(*categories.c, *told, newest.c.position_public)
        .join(newest, newest.c.category == categories.c.code)
        .where(newest.c.offered)
        .order_by(categories.c.code)
    )


def service_of(row: Row[Any]) -> PublicService:
    """Read a service."""
    return PublicService(
        category=category_of(row),
        group=row.public_group,
        description=row.description,
        keywords=tuple(row.keywords),
        position_public=row.position_public,
    )
