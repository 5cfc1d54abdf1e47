"""A synthetic ward: people, premises and devices, realistic in the mass and clearly invented."""
