"""The demo: a real fire, measured by NIST, replayed through the detectors of one building."""
