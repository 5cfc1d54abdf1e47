"""Who is on duty, what reaches them, and how a shift is handed over."""
