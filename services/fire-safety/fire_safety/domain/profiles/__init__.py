"""The limits that readings are judged by, read strictly."""
