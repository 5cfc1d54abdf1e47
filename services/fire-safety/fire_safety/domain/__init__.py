"""Premises, detectors, their limits and the alarms they raise: pure, one file per topic."""
