"""The account of every look at personal data."""

from chassis.access_log import access_records_table
from residency.tables.metadata import metadata

access_records = access_records_table(metadata)
