"""Working days of the ward, and what is decided about them."""
