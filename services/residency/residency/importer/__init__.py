"""Loads the residence register of a ward from CSV files: all of it, or nothing."""
