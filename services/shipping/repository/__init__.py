"""Rows of shipping as domain values and back. Every function takes the open connection."""
