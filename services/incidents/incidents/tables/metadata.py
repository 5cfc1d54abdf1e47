"""What all tables are declared in and with."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, MetaData, Text, Uuid

metadata = MetaData()


def moment(name: str, *, nullable: bool = False) -> "Column[datetime]":
    """Declare an instant."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def words(name: str) -> "Column[str]":
    """Declare a text; where nothing is known it is empty."""
    return Column(name, Text, nullable=False)


def incident_id(*, primary_key: bool = False) -> "Column[UUID]":
    """Declare the incident that a row belongs to."""
    return Column(
        "incident_id",
        Uuid,
        ForeignKey("incidents.incident_id"),
        primary_key=primary_key,
        nullable=False,
    )
