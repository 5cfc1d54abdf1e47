"""What the service can tell: one method is one statement and gives frozen values."""
