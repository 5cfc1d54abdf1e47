"""Events to be published, events that had their effect, and requests that were received."""

from chassis.storage.idempotency import requests_table
from chassis.storage.inbox import inbox_table
from chassis.storage.outbox import outbox_table
from residency.tables.metadata import metadata

inbox = inbox_table(metadata)
outbox = outbox_table(metadata)
requests = requests_table(metadata)
