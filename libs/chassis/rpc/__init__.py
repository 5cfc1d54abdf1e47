"""Calls between processes: both edges of gRPC, who is calling, and what a caller may."""
