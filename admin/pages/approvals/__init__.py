"""Facility approvals: their list and inbox, drafts with everything in them, and their record (PT-1 to PT-13)."""
