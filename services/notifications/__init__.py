"""The notifications service: tells people by mail what happened to their work orders."""
