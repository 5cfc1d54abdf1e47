"""The account of looks at personal data: the chain of records, its writer, its walk, its witness outside."""
