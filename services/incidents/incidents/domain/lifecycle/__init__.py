"""The course of an incident: its states, its timeline and tasks, and how it is handed over to others."""
