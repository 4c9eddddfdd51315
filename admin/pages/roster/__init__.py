"""Field technician management and the university (CP-91 to CP-94, CP-3)."""
