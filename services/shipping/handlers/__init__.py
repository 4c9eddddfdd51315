"""What shipping does: gather, one call on the domain, save."""
