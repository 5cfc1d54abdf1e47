"""The city's dispatch centre (114), simulated: takes offers, decides, and fails as it is told to."""
