"""Registers and tables from files, for whoever runs the service."""
