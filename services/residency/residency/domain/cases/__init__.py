"""Residence cases, from a citizen's draft to the register."""
