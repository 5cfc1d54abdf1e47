"""The residency service."""
