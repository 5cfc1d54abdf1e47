"""gRPC out; one file for each service that is asked."""
