"""Who may sign in: credentials, the terms for them, and whoever guesses."""
