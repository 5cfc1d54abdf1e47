"""Readings in: two lanes over one stream, so that detection never waits behind storage."""
