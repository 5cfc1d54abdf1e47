"""From readings to signals: pure, with no clock but the readings' own times."""
