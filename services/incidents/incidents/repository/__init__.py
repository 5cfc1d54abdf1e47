"""Loads and saves, within the transaction of the caller; state and the events it causes in one."""
