"""Events that wait to be published, and requests that were answered."""

from chassis.idempotency import requests_table
from chassis.outbox import outbox_table
from fire_safety.tables.metadata import metadata

outbox = outbox_table(metadata)
requests = requests_table(metadata)
