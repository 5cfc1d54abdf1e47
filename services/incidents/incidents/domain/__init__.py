"""What an incident is and how it may change: pure, no I/O, no clock."""
