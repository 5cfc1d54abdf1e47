"""Residence cases as they are read and written."""
