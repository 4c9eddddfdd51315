"""Webhooks: the page of endpoints, and the address at which other systems report."""
