"""What the rules in force say of kinds, categories and priorities: what is owed by when, and who is told."""
