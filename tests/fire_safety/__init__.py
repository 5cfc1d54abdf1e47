"""Tests of fire safety."""
