"""Events out and in, requests, and the account of access."""

from chassis.access_log import account_tables
from chassis.idempotency import requests_table
from chassis.inbox import inbox_table
from chassis.outbox import outbox_table
from incidents.tables.metadata import metadata

outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
requests = requests_table(metadata)
account = account_tables(metadata)
access_records = account.records
