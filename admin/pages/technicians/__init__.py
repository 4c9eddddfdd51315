"""Technicians: the generic pages, and what somebody looks like."""
