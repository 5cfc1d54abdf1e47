"""Events out and in, requests, and the account of access."""

from chassis.account.access_log import account_tables
from chassis.storage.idempotency import requests_table
from chassis.storage.inbox import inbox_table
from chassis.storage.outbox import outbox_table
from incidents.tables.metadata import metadata

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
requests = requests_table(metadata)
account = account_tables(metadata)
access_records = account.records
