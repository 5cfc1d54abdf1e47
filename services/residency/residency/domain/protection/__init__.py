"""What the law on personal data gives persons and asks of the ward: the account, requests, breaches, reviews."""
