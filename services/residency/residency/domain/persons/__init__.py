"""Who persons are: names, numbers, dates and contacts, how these are sealed, and whether declared ones agree."""
