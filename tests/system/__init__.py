"""The whole platform, run once for all of them."""
