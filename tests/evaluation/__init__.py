"""The evaluation cannot lie: what never alarms misses, what always alarms is false."""
