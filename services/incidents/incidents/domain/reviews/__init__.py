"""How it went: after-action reviews, and the figures by which the plan is reviewed."""
