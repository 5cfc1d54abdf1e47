"""Premises, detectors, their limits and the alarms they raise: pure, by topic."""
