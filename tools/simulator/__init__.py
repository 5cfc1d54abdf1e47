"""A synthetic ward, the fleet of its sensors, and the replay of real fires through them."""
