"""Loads and saves, and adds events to the outbox, in the caller's transaction."""
