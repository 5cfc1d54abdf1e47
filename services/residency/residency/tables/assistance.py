"""What help persons need to get out."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from residency.tables.bitemporal import bitemporal, days
from residency.tables.metadata import metadata

assistance_needs = Table(
    "assistance_needs",
    metadata,
    Column("need_id", Uuid, primary_key=True),
    Column("person_id", ForeignKey("persons.person_id"), nullable=False, index=True),
    Column("type", Text, nullable=False),
    # On what it is kept, and the article where that is the law; null where rows were loaded.
    Column("basis", Text),
    Column("legal_basis", Text, nullable=False, server_default=""),
    # Name and number of who declared for the person: key id, nonce and AES-256-GCM ciphertext; null where nobody did.
    Column("proxy_sealed", LargeBinary),
    # When somebody asks again; the need counts until it is withdrawn.
    Column("review_on", Date, nullable=False, index=True),
    *bitemporal("assistance_needs", "need_id"),
    CheckConstraint(
        "type in ('MOBILITY', 'SIGHT', 'HEARING', 'INFANT', 'OXYGEN', 'PREGNANCY')",
        name="assistance_needs_type",
    ),
    CheckConstraint("basis in ('CONSENT', 'LAW')", name="assistance_needs_basis"),
    CheckConstraint(
        "coalesce(basis = 'LAW', false) = (legal_basis <> '')",
        name="assistance_needs_legal_basis",
    ),
    ExcludeConstraint(
        (Column("person_id"), "="),
        (Column("type"), "="),
        (days(), "&&"),
        name="assistance_needs_one",
        using="gist",
        where="superseded_at is null",
    ),
)
