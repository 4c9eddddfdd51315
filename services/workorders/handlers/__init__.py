"""What the service does: one module a group of verbs; each gathers, calls the domain once, and saves."""
