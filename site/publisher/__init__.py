"""The static site: what everyone may read, as plain files (DESIGN decisions 8, 10 to 13)."""
