"""An incident and all that may happen to it, what callers ask for, and what is told of it."""
