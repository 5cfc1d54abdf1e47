"""What devices signal: alarms, what confirms and suppresses them, storms, and how often they were false."""
