"""The embedded stack: PostgreSQL, NATS and every service of the ward, started by one command."""
