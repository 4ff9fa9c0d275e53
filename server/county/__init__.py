"""The county's registers at hand, for every room."""
