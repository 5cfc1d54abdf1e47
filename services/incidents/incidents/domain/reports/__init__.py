"""Reports of people: what is received and sealed, and what everybody is told of them."""
