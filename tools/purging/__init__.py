"""What makes the stylesheet of the public pages: the purge, and a county that uses every piece."""
