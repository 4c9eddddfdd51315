"""Signed webhooks: what leaves for other systems, and what comes back from them."""
