"""Fuzzing itself: it finds what is broken, and would not pass what was never tried."""
