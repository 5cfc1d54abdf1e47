"""How far detection has come, and who of several detectors works on what."""
