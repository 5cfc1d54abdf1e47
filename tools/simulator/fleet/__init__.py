"""The sensor fleet: every detector of a synthetic ward reports as a real one would."""
