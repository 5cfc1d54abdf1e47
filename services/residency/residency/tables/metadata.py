"""What all tables are declared in and with."""

from sqlalchemy import DateTime, MetaData

metadata = MetaData()

INSTANT = DateTime(timezone=True)
