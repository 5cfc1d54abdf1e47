"""Between the domain and protobuf, and nothing else; what a request may hold is checked here."""
