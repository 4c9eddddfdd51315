"""Work orders: the list with its views, the record with its tabs, and every transition's form (CP-8 to CP-86)."""
