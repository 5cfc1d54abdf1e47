"""Events to be published, events that had their effect, and requests that were received."""

from chassis.idempotency import requests_table
from chassis.inbox import inbox_table
from chassis.outbox import outbox_table
from residency.tables.metadata import metadata

inbox = inbox_table(metadata)
outbox = outbox_table(metadata)
requests = requests_table(metadata)
