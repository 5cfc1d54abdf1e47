"""Loads and saves what the rules decide on, and adds the events of a change to its transaction."""
