"""What is kept: the database and its one place that commits, outbox and inbox, and objects too large for rows."""
