"""The fire-safety service: premises, their detectors, and the alarms these raise."""
