"""The residency service: who lives where in the ward, and an account of every look."""
