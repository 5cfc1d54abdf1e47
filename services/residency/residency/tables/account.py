"""The account of every look at personal data."""

from chassis.access_log import account_tables
from residency.tables.metadata import metadata

account = account_tables(metadata)
access_records = account.records
