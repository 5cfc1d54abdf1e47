"""What was loaded."""

from sqlalchemy import (
    Column,
    LargeBinary,
    Table,
)

from residency.tables.metadata import INSTANT, metadata

# Which files were loaded, by the digest of their manifest, so that loading again changes nothing.
imports = Table(
    "imports",
    metadata,
    Column("manifest_digest", LargeBinary, primary_key=True),
    Column("imported_at", INSTANT, nullable=False),
)
