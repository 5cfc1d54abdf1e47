"""Entities, values and rules of the residence register: pure, without I/O and without a clock."""
