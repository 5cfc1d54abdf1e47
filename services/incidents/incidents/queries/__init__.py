"""What the service can tell: one statement each, from its own tables, whoever else is down."""
