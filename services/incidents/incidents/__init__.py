"""Incidents: from the first alarm to the closed case, and the rescue brief."""
