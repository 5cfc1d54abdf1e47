"""The ward's canary: a sensor and an officer in one process, who measure how long it takes from one to the other."""
