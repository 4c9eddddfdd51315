"""Lifelike demo data: a fixed seed, dates relative to today, everything made by the services' own verbs (B-10)."""
