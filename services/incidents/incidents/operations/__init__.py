"""What the service can do: one public method is one transaction."""
