"""Events of other services in, decoded, and each given to one operation."""
