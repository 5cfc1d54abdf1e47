"""The contracts as the gateway needs them: methods, HTTP bindings, comments and JSON."""
