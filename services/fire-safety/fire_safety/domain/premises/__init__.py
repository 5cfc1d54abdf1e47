"""Premises, the areas and places within them, and the means against fire around them."""
