"""The frame every service is bolted to; it knows no noun of the domain."""
