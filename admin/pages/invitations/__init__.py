"""Inviting people by mail, and what their links open (R-1)."""
