"""Events that wait to be published, and requests that were answered."""

from sqlalchemy import Boolean, Column, false

from chassis.storage.idempotency import requests_table
from chassis.storage.outbox import outbox_table
from fire_safety.tables.metadata import metadata

outbox = outbox_table(
    metadata,
    # What endangers life overtakes the trouble of thousands of devices.
    Column("urgent", Boolean, nullable=False, server_default=false()),
)
requests = requests_table(metadata)
