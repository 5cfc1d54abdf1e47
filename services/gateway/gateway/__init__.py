"""The gateway: the ward's contracts over HTTP, JSON and server-sent events. It translates and never decides."""
