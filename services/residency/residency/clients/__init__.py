"""gRPC out: other systems as ports of the ward."""
