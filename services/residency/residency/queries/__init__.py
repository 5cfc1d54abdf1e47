"""What the service can tell: each question is one transaction that changes nothing."""
