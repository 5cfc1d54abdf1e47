"""gRPC in: read the request, call one operation or query, write the response; one file for each service."""
