"""What the county decides for itself: its rules, and the lists that matters are handled by."""
