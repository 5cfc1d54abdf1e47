"""Domain to protobuf and back; checks of what comes in are here too."""
