"""Coverage-guided fuzzing of the payload decoders: no bytes may do anything but be read or refused."""
