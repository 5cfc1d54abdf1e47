"""Looking persons up: how they are found, what of them is shown, and what keeps the register from being copied."""
