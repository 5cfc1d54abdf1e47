"""The wheels that the image is built from, so that the build itself needs no network."""
