"""Events to be published and requests that were received."""

from chassis.idempotency import requests_table
from chassis.outbox import outbox_table
from residency.tables.metadata import metadata

outbox = outbox_table(metadata)
requests = requests_table(metadata)
