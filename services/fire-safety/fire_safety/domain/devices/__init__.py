"""Devices on the register, and how they are entered."""
