"""Between the domain and protobuf, and nothing else."""
