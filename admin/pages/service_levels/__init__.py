"""Calendars and policies: a year at a glance, drafts, and what publishing one would move."""
