"""A National Population Database of people who do not exist, with the faults that the real one may have."""
