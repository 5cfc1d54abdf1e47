"""The broker: the connection and the streams, and messages as they are taken, delivered and followed."""
