"""Lists, searches and counts of matters, that hold at a million; and what waits for whom."""
