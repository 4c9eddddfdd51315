"""Signing in, roles, sessions, and what browsers are told to forbid."""
