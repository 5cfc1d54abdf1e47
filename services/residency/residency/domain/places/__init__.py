"""Where people live: addresses, and the buildings and dwellings that they mean."""
